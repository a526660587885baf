// How much one callback may make the host hold, with fuel enough for more: each hostcall that keeps something is called
// twenty thousand times, and the host takes a bounded number of them.
import { describe, expect, it } from "vitest";
import { chainOfOne, headOf, MemoryServices, RecordedExchange, takeStream } from "@sluice/abi";
import { guestPlugin } from "./guest-plugin.ts";

const CALLS = 20_000;
const KIB = 1_024;
const MIB = 1_024 * KIB;
/** What a callback may make the host hold at all, and how much its edits of one head may take. */
const HELD = 4 * MIB;
const EDITS = MIB;

/** Where a name stands that is another for each call, four letters long. */
const NAME = "(i32.const 512) (i32.const 4)";
/** The same in the brackets of an attribute. */
const HEADER_ATTRIBUTE = "(i32.const 496) (i32.const 21)";
const letters = (length: number): string => `(i32.const 65536) (i32.const ${length})`;

interface Held {
  readonly name: string;
  readonly imports: string;
  /** A call; it leaves its status. */
  readonly call: string;
  /** How many may be taken. */
  readonly most: number;
  readonly atConfigure?: true;
  readonly atBody?: true;
}

const HELD_THINGS: readonly Held[] = [
  {
    name: "added headers",
    imports: imported("proxy_add_header_map_value", 5),
    call: `(call $f (i32.const 0) ${NAME} ${letters(8)})`,
    most: 1_024,
  },
  {
    name: "bytes of added headers",
    imports: imported("proxy_add_header_map_value", 5),
    call: `(call $f (i32.const 0) ${NAME} ${letters(8 * KIB)})`,
    most: EDITS / (8 * KIB) + 1,
  },
  {
    name: "bytes of one header, replaced again and again",
    imports: imported("proxy_replace_header_map_value", 5),
    call: `(call $f (i32.const 0) (i32.const 65536) (i32.const 4) ${letters(8 * KIB)})`,
    most: EDITS / (8 * KIB) + 1,
  },
  {
    name: "bytes of the body",
    imports: imported("proxy_set_buffer_bytes", 5),
    call: `(call $f (i32.const 0) (i32.const -1) (i32.const 0) ${letters(64 * KIB)})`,
    most: HELD / (64 * KIB),
    atBody: true,
  },
  {
    name: "properties",
    imports: imported("proxy_set_property", 4),
    call: `(call $f ${NAME} ${letters(8)})`,
    most: 64,
  },
  {
    name: "bytes of properties",
    imports: imported("proxy_set_property", 4),
    call: `(call $f ${NAME} ${letters(16 * KIB)})`,
    most: 4,
  },
  {
    name: "what a report adds",
    imports: imported("policy_report", 5, "sluice"),
    call: `(call $f ${NAME} (i32.const 0) ${letters(8)})`,
    most: 32,
  },
  {
    name: "bytes of what a report adds",
    imports: imported("policy_report", 5, "sluice"),
    call: `(call $f ${NAME} (i32.const 0) ${letters(KIB)})`,
    most: 4,
  },
  {
    name: "effects that wait for the callback's end",
    imports: imported("proxy_continue_stream", 1),
    call: "(call $f (i32.const 0))",
    most: 256,
  },
  {
    name: "bytes of replies",
    imports: imported("proxy_send_local_response", 8),
    call: `(call $f (i32.const 200) (i32.const 0) (i32.const 0) ${letters(64 * KIB)} (i32.const 0) (i32.const 0) (i32.const -1))`,
    most: HELD / (64 * KIB),
  },
  {
    name: "bytes of shared data",
    imports: imported("proxy_set_shared_data", 5),
    call: `(call $f ${NAME} ${letters(64 * KIB)} (i32.const 0))`,
    most: HELD / (64 * KIB),
  },
  {
    name: "queues",
    imports: imported("proxy_register_shared_queue", 3),
    call: `(call $f ${NAME} (i32.const 32))`,
    most: 32,
    atConfigure: true,
  },
  {
    name: "items of a queue",
    imports: `${imported("proxy_enqueue_shared_queue", 3)} ${imported("proxy_register_shared_queue", 3, "env", "register")}`,
    call: `(drop (call $register (i32.const 65536) (i32.const 4) (i32.const 32))) (call $f (i32.load (i32.const 32)) ${letters(8)})`,
    most: 4_096,
    atConfigure: true,
  },
  {
    name: "bytes of a queue",
    imports: `${imported("proxy_enqueue_shared_queue", 3)} ${imported("proxy_register_shared_queue", 3, "env", "register")}`,
    call: `(drop (call $register (i32.const 65536) (i32.const 4) (i32.const 32))) (call $f (i32.load (i32.const 32)) ${letters(8 * KIB)})`,
    most: 16,
    atConfigure: true,
  },
  {
    name: "HTTP callouts in flight",
    imports: imported("proxy_http_call", 10),
    call: `(call $f ${NAME} (i32.const 256) (i32.const ${callHeaders().length}) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1000) (i32.const 32))`,
    most: 256,
  },
  {
    name: "gRPC calls in flight",
    imports: imported("proxy_grpc_call", 12),
    call: `(call $f ${NAME} ${NAME} ${NAME} (i32.const 0) (i32.const 0) ${letters(8)} (i32.const 1000) (i32.const 32))`,
    most: 256,
  },
  {
    name: "gRPC streams in flight",
    imports: imported("proxy_grpc_stream", 9),
    call: `(call $f ${NAME} ${NAME} ${NAME} (i32.const 0) (i32.const 0) (i32.const 32))`,
    most: 256,
  },
  {
    name: "copies of the request",
    imports: imported("policy_mirror", 3, "sluice"),
    call: `(call $f ${NAME} (i32.const 0))`,
    most: 8,
  },
];

describe("One callback makes the host hold a bounded amount of", () => {
  it.each(HELD_THINGS)("$name", (held) => {
    const { taken } = play(guestText(held));
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThanOrEqual(held.most);
  });

  it("metrics, and is told by an id that counts nothing", () => {
    const { taken, services } = play(
      guestText({
        name: "metrics",
        imports: imported("proxy_define_metric", 4),
        call: `(call $f (i32.const 0) ${NAME} (i32.const 32))`,
        most: CALLS,
      }),
    );
    expect(taken).toBe(CALLS);
    expect(services.metrics.overflows).toBe(CALLS - 64);
  });

  it("names of attributes", () => {
    const { taken } = play(
      guestText({
        name: "attributes",
        imports: imported("policy_attribute", 3, "sluice"),
        call: `(call $f ${HEADER_ATTRIBUTE} (i32.const 32))`,
        most: 1_024,
      }),
    );
    expect(taken).toBe(1_024);
  });

  it("lines and bytes of a log", () => {
    const { services } = play(
      guestText({
        name: "lines",
        imports: "",
        call: `(call $log (i32.const 2) ${letters(64 * KIB)})`,
        most: CALLS,
      }),
    );
    const bytes = services.logs.reduce((sum, { message }) => sum + message.length, 0);
    expect(services.logs.length).toBeLessThanOrEqual(1_001);
    expect(bytes).toBeLessThanOrEqual(1_001 * 4_200);
  });
});

/** A hostcall as `$f`, or by another name. */
function imported(name: string, params: number, module = "env", as = "f"): string {
  return `(import "${module}" "${name}" (func $${as} (param ${"i32 ".repeat(params)}) (result i32)))`;
}

function guestText({ imports, call, atConfigure, atBody }: Held): string {
  const phase = atBody === true ? "proxy_on_request_body" : "proxy_on_request_headers";
  const repeat = `(loop $again
      (i32.store (i32.const 512) (call $letters (local.get $i)))
      (if (i32.eqz (block (result i32) ${call})) (then (local.set $taken (i32.add (local.get $taken) (i32.const 1)))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${CALLS}))))
    (call $say (local.get $taken))`;
  const body = (result: number): string =>
    `(result i32) (local $i i32) (local $taken i32) ${repeat} (i32.const ${result})`;
  return `(module ${imports}
    (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
    (memory (export "memory") 3)
    (func (export "proxy_abi_version_0_2_1")) (func (export "sluice_policy_abi_version_1"))
    (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024))
    (data (i32.const 256) "${escaped(callHeaders())}")
    (data (i32.const 496) "request.headers[") (data (i32.const 516) "]")
    (func $letters (param i32) (result i32)
      (i32.or
        (i32.or (i32.and (local.get 0) (i32.const 15)) (i32.shl (i32.and (local.get 0) (i32.const 240)) (i32.const 4)))
        (i32.or (i32.shl (i32.and (local.get 0) (i32.const 3840)) (i32.const 8))
          (i32.shl (i32.and (local.get 0) (i32.const 61440)) (i32.const 12))))
      (i32.add (i32.const 0x61616161)))
    (func $say (param i32) (local $bit i32)
      (loop $l (i32.store8 offset=600 (local.get $bit) (i32.add (i32.const 48) (i32.and (local.get 0) (i32.const 1))))
        (local.set 0 (i32.shr_u (local.get 0) (i32.const 1)))
        (br_if $l (i32.lt_u (local.tee $bit (i32.add (local.get $bit) (i32.const 1))) (i32.const 16))))
      (drop (call $log (i32.const 5) (i32.const 600) (i32.const 16))))
    (func $init (memory.fill (i32.const 65536) (i32.const 97) (i32.const 131072)))
    (start $init)
    ${atConfigure === true ? `(func (export "proxy_on_configure") (param i32 i32) ${body(1)})` : `(func (export "${phase}") (param i32 i32 i32) ${body(0)})`})`;
}

function callHeaders(): Buffer {
  const pairs = [":method", "GET", ":path", "/", ":authority", "a.test"];
  const words = [3, ...pairs.map((text) => text.length)];
  const lengths = Buffer.alloc(words.length * 4);
  words.forEach((word, i) => lengths.writeUInt32LE(word, i * 4));
  return Buffer.concat([lengths, Buffer.from(pairs.map((text) => `${text}\0`).join(""))]);
}

function escaped(bytes: Uint8Array): string {
  return [...bytes].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
}

/** One stream; how many calls answered Ok, as the guest told it in bits. */
function play(text: string): { readonly taken: number; readonly services: MemoryServices } {
  const services = new MemoryServices({ calloutScript: () => null });
  const limits = { memoryBytes: 16 * MIB, fuel: 1_000_000_000, depth: 64 };
  const plugin = guestPlugin("guest", text, services, { isolation: "shared", limits });
  plugin.start();
  const chain = chainOfOne(plugin);
  const stream = takeStream();
  const head = headOf([
    [":method", "POST"],
    [":path", "/"],
    [":authority", "a.test"],
    [":scheme", "http"],
  ]);
  stream.open(chain, chain.all, new RecordedExchange(chain.all, new Map()), head);
  stream.requestHeaders(false);
  stream.requestData(Buffer.from("body"), true);
  stream.finish();
  stream.end();
  const told = services.logs.filter(({ source }) => source === "guest").at(-1)?.message ?? "";
  return { taken: /^[01]{16}$/.test(told) ? Number.parseInt([...told].toReversed().join(""), 2) : -1, services };
}
