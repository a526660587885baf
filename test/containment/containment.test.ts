// What a filter may do to the host it runs in: nothing that another stream would notice.
import { describe, expect, it } from "vitest";
import { Crowd, onRequest, WHOLE, type CrowdOptions } from "./crowd.ts";

const FOREVER = (code: string): string => `(loop $l ${code} (br $l))`;
const MIB_16 = 16 * 1024 * 1024;

interface Harm {
  readonly name: string;
  readonly guest: string;
  readonly cause: "fuel" | "limit" | "trap";
}

const HARMS: readonly Harm[] = [
  { name: "loops for ever", guest: onRequest(FOREVER("")), cause: "fuel" },
  { name: "recurs for ever", guest: `(func $deeper (call $deeper)) ${onRequest("(call $deeper)")}`, cause: "limit" },
  {
    name: "recurs through a table for ever",
    guest: `(table 1 funcref) (elem (i32.const 0) $again) (func $again (call_indirect (i32.const 0)))
      ${onRequest("(call $again)")}`,
    cause: "limit",
  },
  {
    name: "grows its memory to the limit and writes all of it for ever",
    guest: onRequest(
      `(loop $g (br_if $g (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
       ${FOREVER(`(i32.store8 (local.get $i) (i32.const 1))
         (local.set $i (i32.and (i32.add (local.get $i) (i32.const 4096)) (i32.const ${MIB_16 - 1})))`)}`,
    ),
    cause: "fuel",
  },
  {
    name: "fills 16 MiB at each turn of a loop",
    guest: onRequest(
      `(drop (memory.grow (i32.const 254)))
       ${FOREVER(`(memory.fill (i32.const 0) (i32.const 1) (i32.const ${MIB_16}))`)}`,
    ),
    cause: "fuel",
  },
  {
    name: "logs ten million lines",
    guest: onRequest(
      `(loop $l (drop (call $log (i32.const 2) (i32.const 128) (i32.const 64)))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10000000))))`,
    ),
    cause: "fuel",
  },
  {
    name: "adds a million headers",
    guest: onRequest(
      `(loop $l (drop (call $add (i32.const 0) (i32.const 128) (i32.const 16) (i32.const 128) (i32.const 64)))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000000))))`,
    ),
    cause: "fuel",
  },
  {
    name: "asks the host for bytes while it allocates bytes for the host",
    guest: `(func (export "proxy_on_memory_allocate") (param i32) (result i32)
        (call $header (i32.const 0) (i32.const 64) (i32.const 6) (i32.const 16) (i32.const 20)))
      ${onRequest("(unreachable)")}`,
    cause: "trap",
  },
  {
    name: "loops for ever while it allocates",
    guest: `(func (export "proxy_on_memory_allocate") (param i32) (result i32) ${FOREVER("")} (i32.const 0))
      ${onRequest("(unreachable)")}`,
    cause: "fuel",
  },
  {
    name: "recurs for ever while it allocates",
    guest: `(func $deeper (param i32) (result i32) (call $deeper (local.get 0)))
      (func (export "proxy_on_memory_allocate") (param i32) (result i32) (call $deeper (local.get 0)))
      ${onRequest("(unreachable)")}`,
    cause: "limit",
  },
  { name: "traps", guest: onRequest("(unreachable)"), cause: "trap" },
  { name: "reads outside its memory", guest: onRequest("(drop (i32.load (i32.const -4)))"), cause: "trap" },
];

describe.each(["stream", "shared"] as const)("With isolation: %s, a filter", (isolation) => {
  it.each(HARMS)("that $name ends one stream with cause $cause, while 99 others go on", ({ guest, cause }) => {
    const { harmed, others, crowd } = play(guest, { isolation });
    expect(harmed).toMatchObject({ status: 503, error: cause });
    expect(others).toEqual(Array.from({ length: 99 }, () => WHOLE));
    // Whoever comes next has a fresh instance, and so has whoever asks for harm next.
    expect(crowd.playOne(false)).toEqual(WHOLE);
    expect(crowd.playOne(true)).toMatchObject({ status: 503, error: cause });
    expect(crowd.playOne(false)).toEqual(WHOLE);
    expect(crowd.harmful.memoryBytes).toBeLessThanOrEqual(65 * MIB_16);
  });
});

describe("A filter that takes what it may have", () => {
  it("gets no more memory than its limit, and is told so by -1", () => {
    const guest = onRequest(
      `(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
       (if (i32.ne (memory.size) (i32.const 256)) (then (unreachable)))`,
    );
    const { harmed, others, crowd } = play(guest, {});
    expect([harmed, ...others]).toEqual(Array.from({ length: 100 }, () => WHOLE));
    // What grew is not kept: it would be missing to the streams after it.
    expect(crowd.harmful.memoryBytes).toBeLessThan(101 * 131_072 + 1);
  });

  it("has a bounded number of its lines written in a second", () => {
    const guest = onRequest(
      `(loop $l (drop (call $log (i32.const 2) (i32.const 128) (i32.const 64)))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5000))))`,
    );
    const { harmed, crowd } = play(guest, {});
    expect(harmed).toEqual(WHOLE);
    expect(crowd.services.logs.filter(({ source }) => source === "guest").length).toBeLessThanOrEqual(1_000);
  });
});

function play(guest: string, options: CrowdOptions): ReturnType<Crowd["play"]> & { readonly crowd: Crowd } {
  const crowd = new Crowd(guest, options);
  return { ...crowd.play(), crowd };
}
