// What the clusters of the behaviour table answer: `answers` repeats what it was asked, `broken` cuts the connection, `slow`
// never comes to an end. There are no others.

import type { RecordedCallout, ScriptedAnswer } from "@sluice/abi";

export const CLUSTERS = ["answers", "broken", "slow"];

const ANSWER_MS = 5;

export function clusterAnswer(asked: RecordedCallout): ScriptedAnswer {
  if (asked.cluster === "slow") return { fail: "timeout" };
  if (asked.cluster === "broken") return { afterMs: ANSWER_MS, fail: "reset" };
  if (asked.kind === "http") return { afterMs: ANSWER_MS, response: httpAnswer(asked) };
  return { afterMs: ANSWER_MS, grpc: asked.kind === "grpcCall" ? grpcAnswer(asked) : GRPC_STREAM };
}

function httpAnswer({ method, path, headers, body }: RecordedCallout): ScriptedAnswer["response"] & object {
  const question = `${method} ${path} ${valueOf(headers, "x-ask")} ${body}`;
  return { status: 203, headers: [["x-answer", "forty-two"]], body: `because: ${question}` };
}

function grpcAnswer({ path, headers, messages }: RecordedCallout): ScriptedAnswer["grpc"] & object {
  return { messages: [`${path} ${valueOf(headers, "x-meta")} ${messages.map(textOf).join()}`] };
}

const GRPC_STREAM: ScriptedAnswer["grpc"] & object = {
  metadata: [["x-first", "hello"]],
  messages: ["one", "", "three"],
  trailers: [["x-last", "bye"]],
};

function valueOf(fields: RecordedCallout["headers"], name: string): string {
  return fields.find(([field]) => field === name)?.[1] ?? "";
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
