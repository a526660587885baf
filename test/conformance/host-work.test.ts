// What a hostcall makes the host do is paid for by the guest before it is done, whatever the hostcall then answers: a
// header value of 16 MiB that ends in a line break was once looked through for as little as a call costs.
import { describe, expect, it } from "vitest";
import type { CapabilityFamily } from "@sluice/abi/spec";
import { call, OUT, run, type Call } from "./kit/guest.ts";

const LONG = 20_000;
const FUEL = 2_000;
const LIMITS = { memoryBytes: 1 << 20, fuel: FUEL, depth: 64 };
const brokenAtTheEnd = `${"a".repeat(LONG)}\r`;
/** Longer than what is kept of it, so that its beginning is what counts. */
const text = "\u0001".repeat(5_000);
/** One pair whose value ends in a line break. */
const pairs = Buffer.concat([
  Buffer.from([1, 0, 0, 0, 1, 0, 0, 0]),
  length(LONG + 1),
  Buffer.from(`x\0${brokenAtTheEnd}\0`),
]);

function length(bytes: number): Buffer {
  const word = Buffer.alloc(4);
  word.writeUInt32LE(bytes);
  return word;
}

interface Work {
  readonly made: Call;
  readonly in?: string;
  readonly grant?: CapabilityFamily;
}

const WORK: Readonly<Record<string, Work>> = {
  "a header's value that is refused": { made: call("proxy_replace_header_map_value", 0, "x", brokenAtTheEnd) },
  "an added header's value that is refused": { made: call("proxy_add_header_map_value", 0, "x", brokenAtTheEnd) },
  "a header's name that is refused": { made: call("proxy_remove_header_map_value", 0, brokenAtTheEnd) },
  "a name to look for": { made: call("proxy_get_header_map_value", 0, brokenAtTheEnd, OUT, OUT) },
  "a whole map that is refused": { made: call("proxy_set_header_map_pairs", 0, pairs) },
  "a key of shared data": { made: call("proxy_get_shared_data", brokenAtTheEnd, OUT, OUT, OUT), grant: "sharedData" },
  "a queue's name": { made: call("proxy_register_shared_queue", brokenAtTheEnd, OUT), grant: "queue" },
  "an item for no queue": { made: call("proxy_enqueue_shared_queue", 9, brokenAtTheEnd), grant: "queue" },
  "arguments for no function": {
    made: call("proxy_call_foreign_function", "nothing", brokenAtTheEnd, OUT, OUT),
    grant: "foreign",
  },
  "bytes to compress": {
    made: call("proxy_call_foreign_function", "compress", text.slice(0, 200), OUT, OUT),
    grant: "foreign",
  },
  "random bytes": { made: call("random_get", 4096, LONG) },
  "vectors to write": { made: call("fd_write", 1, 4096, 1000, OUT) },
  "a line to log": { made: call("proxy_log", 2, text) },
  "a metric's name": { made: call("proxy_define_metric", 0, text.slice(0, 4096), OUT) },
  "details of a reply": { made: call("proxy_send_local_response", 200, text, "", "", -1) },
  "a verdict's reason": { made: call("policy_set_verdict", 7, text), in: "policy_on_check" },
};

describe("The host's work", () => {
  it.each(Object.entries(WORK))("is paid for: %s", (_, { made, in: callback, grant }) => {
    const options = {
      settings: { limits: LIMITS },
      ...(callback !== undefined && { in: callback }),
      ...(grant !== undefined && { capabilities: [grant] }),
    };
    expect(() => run([made], options)).toThrow(/out of fuel/);
  });
});
