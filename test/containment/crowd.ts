// A hundred streams through one host: a filter that does harm to the one that asks for it, and behind it a filter that only
// marks what passes. What became of each stream is told as plain data.
import {
  CAUSE,
  Chain,
  MemoryServices,
  type Plugin,
  type RecordedCallout,
  type ScriptedAnswer,
  RecordedExchange,
  headOf,
  takeStream,
  type ChainSlot,
  type Stream,
} from "@sluice/abi";
import { guestPlugin } from "./guest-plugin.ts";

const STREAMS = 100;
const HARMED = 50;

/** What ends well: seen by the upstream with the mark, answered whole with the mark. */
export const WHOLE = {
  status: 200,
  flag: null,
  mark: "1",
  answerMark: "1",
  body: "answer",
  error: null,
  failedIn: null,
} as const;

/** How one stream ended. */
export interface Ended {
  readonly status: number;
  readonly flag: string | null;
  /** `x-mark` of the request as the upstream got it, and of the answer as the client got it. */
  readonly mark: string | null;
  readonly answerMark: string | null;
  readonly body: string | null;
  /** Cause of the harmful slot's failure. */
  readonly error: string | null;
  /** The callback it was met in. */
  readonly failedIn: string | null;
}

export interface CrowdOptions {
  readonly isolation?: "stream" | "shared";
  /** Only the harmed stream passes the harmful filter, which need not ask who it is. */
  readonly apart?: boolean;
  /** Called when all requests are on their way. */
  readonly meanwhile?: (crowd: Crowd) => void;
}

export class Crowd {
  readonly services = new MemoryServices({ calloutScript: answer });
  readonly harmful: Plugin;
  /** Why the harmful filter did not start; null when it did. */
  readonly refusal: string | null;
  private readonly chain: Chain;
  private readonly options: CrowdOptions;
  private readonly members: Member[];

  constructor(harm: string, options: CrowdOptions = {}) {
    this.options = options;
    const { isolation = "stream" } = options;
    this.harmful = guestPlugin("harmful", harmText(harm), this.services, { isolation });
    const marking = guestPlugin("marking", MARKING, this.services);
    marking.start();
    this.refusal = this.startHarmful();
    this.chain = new Chain([slotOf(0, this.harmful, this.refusal === null), slotOf(1, marking, true)]);
    this.members = Array.from({ length: STREAMS }, (_, at) => this.member(at === HARMED));
  }

  /** All streams at once, a phase after the other; the harmed one in their middle. */
  play(): { readonly harmed: Ended; readonly others: readonly Ended[] } {
    const ended = playTogether(this.members, this.services, () => this.options.meanwhile?.(this));
    return { harmed: ended[HARMED]!, others: ended.filter((_, at) => at !== HARMED) };
  }

  /** One more stream, alone. */
  playOne(harmed: boolean): Ended {
    const member = this.member(harmed);
    return playTogether([member], this.services, () => undefined)[0]!;
  }

  private startHarmful(): string | null {
    try {
      this.harmful.start();
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  }

  private member(isHarmed: boolean): Member {
    const mask = this.options.apart === true && !isHarmed ? 0b10 : this.chain.all;
    const stream = takeStream();
    const exchange = new RecordedExchange(mask, new Map());
    const head = [
      [":method", "POST"],
      [":path", "/"],
      [":authority", "a.test"],
      [":scheme", "http"],
    ] as [string, string][];
    if (isHarmed) head.push(["x-harm", "1"]);
    stream.open(this.chain, mask, exchange, headOf(head));
    return { stream, exchange };
  }
}

function playTogether(members: readonly Member[], { clock }: MemoryServices, meanwhile: () => void): Ended[] {
  for (const { stream } of members) stream.requestHeaders(false);
  for (const { stream } of members) stream.requestData(Buffer.from("request"), false);
  for (const { stream } of members) stream.requestTrailers(headOf([["x-last", "1"]]));
  meanwhile();
  clock.advance(100);
  const awaiting = members.filter(({ exchange }) => exchange.awaitsUpstream);
  for (const { exchange } of awaiting) exchange.upstreamAnswers();
  for (const { stream } of awaiting) stream.responseHeaders(headOf([[":status", "200"]]), false);
  for (const { stream } of awaiting) stream.responseData(Buffer.from("answer"), false);
  for (const { stream } of awaiting) stream.responseTrailers(headOf([["x-last", "2"]]));
  for (const { stream } of members) stream.finish();
  for (const { stream } of members) stream.end();
  return members.map(endedOf);
}

interface Member {
  readonly stream: Stream;
  readonly exchange: RecordedExchange;
}

/** What every cluster answers, so that each callback of a callout has its turn. */
function answer({ kind }: RecordedCallout): ScriptedAnswer {
  if (kind === "http") return { response: { body: "an answer", trailers: [["x-t", "1"]] } };
  return { grpc: { metadata: [["x-m", "1"]], messages: ["a message"], trailers: [["x-t", "1"]] } };
}

function slotOf(index: number, plugin: Plugin, isStarted: boolean): ChainSlot {
  const { slot, filter, version, revision } = plugin.spec;
  const notLoaded = isStarted ? null : "it did not start";
  return {
    name: slot,
    index,
    revisions: [{ plugin: isStarted ? plugin : null, filter, version, revision, notLoaded, requiresCheck: false }],
    split: null,
    failOpen: isStarted ? 0 : CAUSE.notLoaded,
    dryRun: false,
    bodyWhilePaused: false,
  };
}

function endedOf({ stream, exchange }: Member): Ended {
  const { forwarded, answered } = exchange;
  const { error } = stream.slotReport(0);
  return {
    status: stream.status,
    flag: stream.flag,
    mark: forwarded?.headers.find(([name]) => name === "x-mark")?.[1] ?? null,
    answerMark: answered?.headers.find(([name]) => name === "x-mark")?.[1] ?? null,
    body: answered?.body ?? null,
    error: error?.cause ?? null,
    failedIn: /failed in (\w+)/.exec(error?.message ?? "")?.[1] ?? null,
  };
}

const ADD = `(import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))`;
const MARKER = `(func (export "proxy_abi_version_0_2_1"))`;
const mark = (map: number): string =>
  `(drop (call $add (i32.const ${map}) (i32.const 64) (i32.const 6) (i32.const 72) (i32.const 1))) (i32.const 0)`;

const MARKING = `(module ${ADD} (memory (export "memory") 1) ${MARKER}
  (data (i32.const 64) "x-mark\\00\\001")
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) ${mark(0)})
  (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) ${mark(2)}))`;

/** `$harmful` says whether this is the stream that asks for it. */
function harmText(harm: string): string {
  return `(module ${ADD}
    (import "env" "proxy_get_header_map_value" (func $header (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
    (import "env" "proxy_set_tick_period_milliseconds" (func $period (param i32) (result i32)))
    (import "env" "proxy_set_buffer_bytes" (func $set_body (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_get_buffer_bytes" (func $get_body (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_get_property" (func $property (param i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_set_property" (func $set_property (param i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_define_metric" (func $metric (param i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_set_shared_data" (func $share (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_continue_stream" (func $continue (param i32) (result i32)))
    (import "env" "proxy_send_local_response" (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_http_call" (func $http (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_grpc_stream" (func $grpc (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_register_shared_queue" (func $register (param i32 i32 i32) (result i32)))
    (import "env" "proxy_enqueue_shared_queue" (func $enqueue (param i32 i32 i32) (result i32)))
    (import "sluice" "policy_report" (func $report (param i32 i32 i32 i32 i32) (result i32)))
    (import "sluice" "policy_attribute" (func $attribute (param i32 i32 i32) (result i32)))
    (memory (export "memory") 2)
    ${MARKER}
    (func (export "sluice_policy_abi_version_1"))
    (data (i32.const 64) "x-harm")
    (data (i32.const 128) "${"a".repeat(64)}")
    (data (i32.const 256) "${escaped(CALL_HEADERS)}")
    (global $free (mut i32) (i32.const 65536))
    (func $harmful (result i32)
      (i32.eqz (call $header (i32.const 0) (i32.const 64) (i32.const 6) (i32.const 16) (i32.const 20))))
    ${/proxy_on_memory_allocate/.test(harm) ? "" : ALLOCATOR}
    ${harm})`;
}

/** The head of a request, as a header map is handed over. */
const CALL_HEADERS = pairsOf([
  [":method", "GET"],
  [":path", "/"],
  [":authority", "a.test"],
]);

function pairsOf(pairs: readonly (readonly [string, string])[]): Buffer {
  const words = [pairs.length, ...pairs.flatMap(([name, value]) => [name.length, value.length])];
  const lengths = Buffer.alloc(words.length * 4);
  words.forEach((word, i) => lengths.writeUInt32LE(word, i * 4));
  return Buffer.concat([lengths, Buffer.from(pairs.map(([name, value]) => `${name}\0${value}\0`).join(""))]);
}

function escaped(bytes: Uint8Array): string {
  return [...bytes].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
}

/** Calls a cluster over HTTP, or opens a gRPC stream to it. */
export const CALL_HTTP = `(drop (call $http (i32.const 128) (i32.const 3) (i32.const 256) (i32.const ${CALL_HEADERS.length})
  (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1000) (i32.const 16)))`;
export const OPEN_GRPC = `(drop (call $grpc (i32.const 128) (i32.const 3) (i32.const 128) (i32.const 3)
  (i32.const 128) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 16)))`;

const ALLOCATOR = `(func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
  (global.get $free) (global.set $free (i32.add (global.get $free) (local.get $size))))`;

/** A request-headers callback that does `harm` to the stream that asks for it. */
export function onRequest(harm: string): string {
  return `(func $entry (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (local $i i32)
    (if (call $harmful) (then ${harm})) (i32.const 0))`;
}
