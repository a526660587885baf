import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run, startGuest } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const queue = { capabilities: ["queue"] } as const;
const register = call("proxy_register_shared_queue", "name", OUT);
const enqueue = (token: number, item: string) => call("proxy_enqueue_shared_queue", token, item);

describe("proxy_enqueue_shared_queue", () => {
  itRefusesMisuse("proxy_enqueue_shared_queue", [1, "item"], { ...queue, before: [register] });

  it("answers NotFound to a number that no queue has", () => {
    const { statuses } = run([register, ...[0, 2, -1].map((token) => enqueue(token, "x"))], queue);
    expect(statuses).toEqual([Status.Ok, Status.NotFound, Status.NotFound, Status.NotFound]);
  });

  it("takes an empty item for an item", () => {
    const { statuses } = run([register, enqueue(1, ""), call("proxy_dequeue_shared_queue", 1, OUT, OUT)], queue);
    expect(statuses).toEqual([Status.Ok, Status.Ok, Status.Ok]);
  });

  it("answers InternalFailure when the queue is full, and keeps what it has", () => {
    const large = [0, 50_000] as const;
    const fill = Array.from({ length: 3 }, () => call("proxy_enqueue_shared_queue", 1, ...large));
    const { statuses } = run([register, ...fill, call("proxy_dequeue_shared_queue", 1, OUT, OUT)], {
      ...queue,
      allocator: "zero",
    });
    // Two of 50,000 bytes fit into 128 KiB; the guest has no room to take one out.
    expect(statuses).toEqual([Status.Ok, Status.Ok, Status.Ok, Status.InternalFailure, Status.InvalidMemoryAccess]);
  });

  it("brings about proxy_on_queue_ready once for each item, and never before the callback has returned", () => {
    const guest = startGuest(
      `(import "env" "proxy_register_shared_queue" (func $register (param i32 i32 i32) (result i32)))
       (import "env" "proxy_enqueue_shared_queue" (func $enqueue (param i32 i32 i32) (result i32)))
       (import "env" "proxy_dequeue_shared_queue" (func $dequeue (param i32 i32 i32) (result i32)))
       (global $next (mut i32) (i32.const 32768))
       (global $inside (mut i32) (i32.const 0))
       (func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
         (global.set $next (i32.add (global.get $next) (local.get $size)))
         (i32.sub (global.get $next) (local.get $size)))
       (func (export "proxy_on_configure") (param i32 i32) (result i32)
         (drop (call $register (i32.const 0) (i32.const 1) (i32.const 16)))
         (i32.const 1))
       (func (export "proxy_on_tick") (param i32) (local $i i32)
         (global.set $inside (i32.const 1))
         (loop $again
           (drop (call $enqueue (i32.load (i32.const 16)) (i32.const 0) (local.get $i)))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $again (i32.lt_u (local.get $i) (i32.const 3))))
         (global.set $inside (i32.const 0)))
       (func (export "proxy_on_queue_ready") (param $context i32) (param $token i32)
         (if (global.get $inside) (then (unreachable)))
         (if (i32.ne (local.get $token) (i32.load (i32.const 16))) (then (unreachable)))
         ;; How often it was called, and the sum of the items' lengths.
         (i32.store (i32.const 20) (i32.add (i32.load (i32.const 20)) (i32.const 1)))
         (drop (call $dequeue (local.get $token) (i32.const 28) (i32.const 32)))
         (i32.store (i32.const 24) (i32.add (i32.load (i32.const 24)) (i32.load (i32.const 32)))))`,
      queue,
    );
    const counts = (): number[] => [20, 24].map((at) => Buffer.from(guest.memory()).readUInt32LE(at));
    guest.call("proxy_on_tick", 1);
    expect(counts()).toEqual([0, 0]);
    guest.advance(2);
    expect(counts()).toEqual([3, 0 + 1 + 2]);
    guest.call("proxy_on_tick", 1);
    guest.advance(2);
    expect(counts()).toEqual([6, 6]);
  });
});
