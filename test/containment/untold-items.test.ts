// A root that died and cannot be started again for a while is told of a queue's items when it can.
import { expect, it } from "vitest";
import { MemoryServices } from "@sluice/abi";
import { guestPlugin } from "./guest-plugin.ts";

/**
 * Registers the queue "q" at configure, which goes well the first time and when shared data say so: its table cannot be put
 * back, so it configures itself for each instance. Traps at the first item, takes the later ones and counts them.
 */
const RELUCTANT = `(module
  (import "env" "proxy_get_shared_data" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_shared_data" (func $set (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_register_shared_queue" (func $register (param i32 i32 i32) (result i32)))
  (import "env" "proxy_dequeue_shared_queue" (func $dequeue (param i32 i32 i32) (result i32)))
  (import "env" "proxy_define_metric" (func $define (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_increment_metric" (func $increment (param i32 i64) (result i32)))
  (memory (export "memory") 1) (table 1 funcref)
  (data (i32.const 64) "k") (data (i32.const 65) "q") (data (i32.const 66) "taken")
  (global $tells (mut i32) (i32.const 0))
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024))
  (func (export "proxy_on_configure") (param i32 i32) (result i32)
    (table.set (i32.const 0) (ref.null func))
    (drop (call $register (i32.const 65) (i32.const 1) (i32.const 40)))
    (drop (call $define (i32.const 0) (i32.const 66) (i32.const 5) (i32.const 44)))
    (if (i32.eqz (call $get (i32.const 64) (i32.const 1) (i32.const 16) (i32.const 20) (i32.const 24)))
      (then
        (global.set $tells (i32.const 1))
        (return (i32.eq (i32.load8_u (i32.load (i32.const 16))) (i32.const 111)))))
    (drop (call $set (i32.const 64) (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 0)))
    (i32.const 1))
  (func (export "proxy_on_queue_ready") (param i32 i32)
    (if (i32.eqz (global.get $tells)) (then (unreachable)))
    (if (i32.eqz (call $dequeue (local.get 1) (i32.const 48) (i32.const 52)))
      (then (drop (call $increment (i32.load (i32.const 44)) (i64.const 1)))))))`;

it("A root that cannot be started is told of items later, of each once", () => {
  const services = new MemoryServices();
  const plugin = guestPlugin("guest", RELUCTANT, services, { isolation: "shared" });
  plugin.start();
  const token = services.queues.resolve("guest", Buffer.from("q")) as number;
  const put = (text: string): void => {
    services.queues.enqueue(token, Buffer.from(text));
    services.clock.advance(2);
  };
  put("it traps");
  put("it cannot be started");
  put("nor now");
  expect(services.metrics.valueOf("taken")).toBe(0);
  services.sharedData.set("guest", Buffer.from("k"), Buffer.from("o"), 0);
  services.clock.advance(60_000);
  // One item was told of before the trap; who is told of the others takes one each.
  expect(services.metrics.valueOf("taken")).toBe(2);
  plugin.close();
});
