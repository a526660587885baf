// A trap in every callback there is: its stream, or nobody, is the worse for it; 99 others go on.
import { describe, expect, it } from "vitest";
import { CALLBACKS, CONNECTION, POLICY_CALLBACKS } from "@sluice/abi/spec";
import { CALL_HTTP, Crowd, OPEN_GRPC, WHOLE, type CrowdOptions, type Ended } from "./crowd.ts";

interface Trap {
  readonly guest: string;
  /** What becomes of the stream that met it. */
  readonly harmed: Partial<Ended>;
  readonly options?: CrowdOptions;
}

const { failedIn: _, ...PASSED } = WHOLE;
const FAILED = { status: 503, flag: "FI", error: "trap" } as const;
/** The head of an answer was sent: what is left can only be cut off. */
const CUT = { flag: "LR", error: "trap" } as const;

/** Traps for the stream that asks for it. */
const asked = (params: string, result: string, name: string): string =>
  `(func (export "${name}") (param ${params}) ${result} (if (call $harmful) (then (unreachable)))
    ${result === "" ? "" : "(i32.const 0)"})`;
const headers = (name: string): string => asked("i32 i32 i32", "(result i32)", name);
const trailers = (name: string): string => asked("i32 i32", "(result i32)", name);
const always = (params: string, result: string, name: string): string =>
  `(func (export "${name}") (param ${params}) ${result} (unreachable))`;

/** A plugin that does not start is a slot that does not run. */
const atStart = (params: string, result: string, name: string): Trap => ({
  guest: always(params, result, name),
  harmed: { ...PASSED, error: "notLoaded" },
  options: { apart: true },
});

/** The stream that asks for it calls out and waits; the answer traps. */
const answered = (ask: string, params: string, name: string): Trap => ({
  guest: `${always(params, "", name)}
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (if (call $harmful) (then ${ask} (return (i32.const 1)))) (i32.const 0))`,
  harmed: FAILED,
});

const TRAPS: Readonly<Record<string, Trap>> = {
  proxy_on_vm_start: atStart("i32 i32", "(result i32)", "proxy_on_vm_start"),
  proxy_on_configure: atStart("i32 i32", "(result i32)", "proxy_on_configure"),
  proxy_on_context_create: {
    // The root's context is made; a stream's is not.
    guest: `(func (export "proxy_on_context_create") (param i32 i32) (if (local.get 1) (then (unreachable))))
      (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 0))`,
    harmed: FAILED,
    options: { apart: true },
  },
  policy_on_check: { guest: asked("i32", "(result i32)", "policy_on_check"), harmed: FAILED },
  proxy_on_request_headers: { guest: headers("proxy_on_request_headers"), harmed: FAILED },
  proxy_on_request_body: { guest: headers("proxy_on_request_body"), harmed: FAILED },
  proxy_on_request_trailers: { guest: trailers("proxy_on_request_trailers"), harmed: FAILED },
  proxy_on_response_headers: { guest: headers("proxy_on_response_headers"), harmed: FAILED },
  proxy_on_response_body: { guest: headers("proxy_on_response_body"), harmed: CUT },
  proxy_on_response_trailers: { guest: trailers("proxy_on_response_trailers"), harmed: CUT },
  policy_on_report: { guest: asked("i32", "", "policy_on_report"), harmed: { ...PASSED, error: "trap" } },
  proxy_on_log: { guest: asked("i32", "", "proxy_on_log"), harmed: { ...PASSED, error: "trap" } },
  proxy_on_done: {
    guest: asked("i32", "(result i32)", "proxy_on_done"),
    harmed: { ...PASSED, error: "trap" },
  },
  proxy_on_delete: {
    guest: `${always("i32", "", "proxy_on_delete")}
      (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 0))`,
    harmed: { ...PASSED, error: "trap" },
    options: { apart: true, isolation: "shared" },
  },
  proxy_on_tick: {
    guest: `${always("i32", "", "proxy_on_tick")}
      (func (export "proxy_on_configure") (param i32 i32) (result i32) (drop (call $period (i32.const 10))) (i32.const 1))
      (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (i32.const 0))`,
    harmed: WHOLE,
  },
  proxy_on_http_call_response: answered(CALL_HTTP, "i32 i32 i32 i32 i32", "proxy_on_http_call_response"),
  proxy_on_grpc_receive_initial_metadata: answered(OPEN_GRPC, "i32 i32 i32", "proxy_on_grpc_receive_initial_metadata"),
  proxy_on_grpc_receive: answered(OPEN_GRPC, "i32 i32 i32", "proxy_on_grpc_receive"),
  proxy_on_grpc_receive_trailing_metadata: answered(
    OPEN_GRPC,
    "i32 i32 i32",
    "proxy_on_grpc_receive_trailing_metadata",
  ),
  proxy_on_grpc_close: answered(OPEN_GRPC, "i32 i32 i32", "proxy_on_grpc_close"),
  proxy_on_queue_ready: {
    guest: `${always("i32 i32", "", "proxy_on_queue_ready")}
      (func (export "proxy_on_configure") (param i32 i32) (result i32)
        (i32.eqz (call $register (i32.const 128) (i32.const 3) (i32.const 32))))
      (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
        (if (call $harmful) (then (if (call $enqueue (i32.load (i32.const 32)) (i32.const 128) (i32.const 3)) (then (unreachable)))))
        (i32.const 0))`,
    harmed: WHOLE,
  },
  proxy_on_foreign_function: {
    guest: `${always("i32 i32 i32", "", "proxy_on_foreign_function")}
      (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 0))`,
    harmed: WHOLE,
    options: { meanwhile: ({ harmful }) => harmful.callForeign(1, new Uint8Array(3)) },
  },
};

/** Where failures were noted: at the stream, at the root, or at the start. */
function whereMet({ harmful, refusal }: Crowd, { failedIn }: Ended): (string | undefined | null)[] {
  return [failedIn, harmful.lastRootFailure?.callback, /failed in (\w+)/.exec(refusal ?? "")?.[1]];
}

/** Connections have a driver, and tests, of their own. */
const served = [...CALLBACKS, ...POLICY_CALLBACKS].map(({ name }) => name);
const OF_CONNECTIONS: readonly string[] = CONNECTION;

describe("A trap", () => {
  it.each(Object.entries(TRAPS))("in %s is contained", (name, { guest, harmed, options }) => {
    const crowd = new Crowd(guest, options ?? {});
    const played = crowd.play();
    expect(whereMet(crowd, played.harmed)).toContain(name);
    expect(played.harmed).toMatchObject(harmed);
    expect(played.others).toEqual(Array.from({ length: 99 }, () => WHOLE));
    expect(crowd.playOne(true)).toMatchObject(harmed);
  });

  it("is tried in every callback that streams and roots are served", () => {
    const expected = served.filter((name) => !OF_CONNECTIONS.includes(name));
    expect(Object.keys(TRAPS).toSorted()).toEqual(expected.toSorted());
  });
});
