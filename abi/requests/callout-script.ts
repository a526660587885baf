// The callouts of a case as a script: which entry answers what. Apart from the schemas, which a trial loads only when it
// has request files.

import { durationMs } from "../documents/quantities.ts";
import type { CalloutScript, RecordedCallout, ScriptedAnswer } from "../host/memory-callouts.ts";
import type { CalloutDocument, MessageDocument } from "./callout-document.ts";

/** A script of the entries, with a memory of which are used. */
export function calloutScript(entries: readonly CalloutDocument[]): CalloutScript {
  const used = new Set<CalloutDocument>();
  return (callout) => {
    const fitting = entries.filter((entry) => fits(entry, callout));
    const entry = fitting.find((one) => !used.has(one)) ?? fitting.at(-1);
    if (entry === undefined) return null;
    used.add(entry);
    return answerOf(entry);
  };
}

function fits({ cluster, match = {}, response, grpc }: CalloutDocument, callout: RecordedCallout): boolean {
  if (callout.kind === "http" ? grpc !== undefined : response !== undefined) return false;
  return (
    cluster === callout.cluster &&
    (match.method === undefined || match.method === callout.method) &&
    (match.path === undefined || match.path === callout.path)
  );
}

function answerOf({ response, grpc, fail, after }: CalloutDocument): ScriptedAnswer {
  return {
    ...(after === undefined ? {} : { afterMs: durationMs(after) }),
    ...(fail === undefined ? {} : { fail }),
    ...(response === undefined ? {} : { response }),
    ...(grpc === undefined ? {} : { grpc: grpcAnswer(grpc) }),
  };
}

function grpcAnswer({
  messages = [],
  open = false,
  ...rest
}: NonNullable<CalloutDocument["grpc"]>): NonNullable<ScriptedAnswer["grpc"]> {
  return { ...rest, messages: messages.map(messageBytes), isOpen: open };
}

export function messageBytes(message: MessageDocument): Uint8Array {
  return typeof message === "string" ? Buffer.from(message) : Buffer.from(message.base64, "base64");
}
