// A trap in every callback there is: its stream, or nobody, is the worse for it; 99 others go on.
import { describe, expect, it } from "vitest";
import { Crowd, WHOLE, type CrowdOptions, type Ended } from "./crowd.ts";

interface Trap {
  readonly guest: string;
  /** What becomes of the stream that met it. */
  readonly harmed: Partial<Ended>;
  readonly options?: CrowdOptions;
}

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
  harmed: { ...WHOLE, error: "notLoaded" },
  options: { apart: true },
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
  policy_on_report: { guest: asked("i32", "", "policy_on_report"), harmed: { ...WHOLE, error: "trap" } },
  proxy_on_log: { guest: asked("i32", "", "proxy_on_log"), harmed: { ...WHOLE, error: "trap" } },
  proxy_on_done: {
    guest: asked("i32", "(result i32)", "proxy_on_done"),
    harmed: { ...WHOLE, error: "trap" },
  },
  proxy_on_delete: {
    guest: `${always("i32", "", "proxy_on_delete")}
      (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 0))`,
    harmed: { ...WHOLE, error: "trap" },
    options: { apart: true, isolation: "shared" },
  },
  proxy_on_tick: {
    guest: `${always("i32", "", "proxy_on_tick")}
      (func (export "proxy_on_configure") (param i32 i32) (result i32) (drop (call $period (i32.const 10))) (i32.const 1))
      (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (i32.const 0))`,
    harmed: WHOLE,
  },
};

describe("A trap", () => {
  it.each(Object.entries(TRAPS))("in %s is contained", (_name, { guest, harmed, options }) => {
    const crowd = new Crowd(guest, options ?? {});
    const played = crowd.play();
    expect(played.harmed).toMatchObject(harmed);
    expect(played.others).toEqual(Array.from({ length: 99 }, () => WHOLE));
    expect(crowd.playOne(true)).toMatchObject(harmed);
  });
});
