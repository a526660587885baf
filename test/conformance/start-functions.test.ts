import { describe, expect, it } from "vitest";
import { startGuest } from "./kit/guest.ts";

const LETTERS = { _initialize: "i", _start: "s", main: "m", __main_void: "v" } as const;
type StartFunction = keyof typeof LETTERS;

const TYPES: Readonly<Record<StartFunction, string>> = {
  _initialize: "",
  _start: "",
  main: "(param i32 i32) (result i32)",
  __main_void: "(result i32)",
};

/** A module that logs a letter for each of these that runs, and `r` when its root is made. */
const exporting = (...names: readonly StartFunction[]): string => `
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
  (data (i32.const 97) "abcdefghijklmnopqrstuvwxyz")
  ${names.map((name) => functionText(name)).join("\n")}
  (func (export "proxy_on_context_create") (param i32 i32) ${says("r")})`;

const says = (letter: string): string =>
  `(drop (call $log (i32.const 2) (i32.const ${letter.charCodeAt(0)}) (i32.const 1)))`;

function functionText(name: StartFunction): string {
  const answer = TYPES[name].includes("result") ? "(i32.const 7)" : "";
  return `(func (export "${name}") ${TYPES[name]} ${says(LETTERS[name])} ${answer})`;
}

describe("A module that exports", () => {
  it.each<readonly [ran: string, ...names: StartFunction[]]>([
    ["r"],
    ["ir", "_initialize"],
    ["sr", "_start"],
    ["ir", "_initialize", "_start"],
    ["imr", "_initialize", "main"],
    ["ivr", "_initialize", "__main_void"],
    ["imr", "_initialize", "main", "__main_void"],
    ["r", "main"],
    ["r", "__main_void"],
    ["sr", "_start", "main"],
    ["imr", "_initialize", "_start", "main"],
  ])("runs %s with %s %s %s", (ran, ...names) => {
    const { logs } = startGuest(exporting(...(names as StartFunction[])));
    expect(logs.map(({ message }) => message).join("")).toBe(ran);
  });

  const exiting = (name: StartFunction, code: number): string => `
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (func (export "${name}") (call $exit (i32.const ${code})))`;

  it("_start may end it by proc_exit(0), as commands do", () => {
    expect(() => startGuest(exiting("_start", 0))).not.toThrow();
  });

  it.each([
    { name: "_start", code: 1 },
    { name: "_start", code: -1 },
    { name: "_initialize", code: 0 },
    { name: "_initialize", code: 1 },
  ] as const)("$name may not end it by proc_exit($code)", ({ name, code }) => {
    expect(() => startGuest(exiting(name, code))).toThrow(/proc_exit/);
  });

  it.each(["_initialize", "_start"] as const)("%s is refused when it traps", (name) => {
    expect(() => startGuest(`(func (export "${name}") (unreachable))`)).toThrow(/unreachable/);
  });
});
