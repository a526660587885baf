// Our host's view of an exchange: a stream context whose maps are all readable and writable unless a test closes them.
import {
  Head,
  headOf,
  type GuestFailure,
  type LocalReply,
  type MirrorAnswer,
  type Quota,
  type QuotaAnswer,
  type StreamBody,
  type StreamContext,
} from "@sluice/abi";
import { Exchange, type ExchangeOptions } from "./exchange.ts";

export class PlainStream implements StreamContext {
  readonly exchange: Exchange;
  readonly heads: (Head | null)[];
  readonly lost: GuestFailure[] = [];
  /** Called at each after-call effect, for tests of what an effect may do in turn. */
  onStep: () => void = () => {};
  private readonly bodies: (PlainBody | null)[];

  constructor(exchange: Exchange | ExchangeOptions = {}) {
    this.exchange = exchange instanceof Exchange ? exchange : new Exchange(exchange);
    this.heads = this.exchange.maps.map((pairs) => (pairs === null ? null : headOf(pairs)));
    this.bodies = this.exchange.bodies.map((bytes, type) =>
      bytes === null ? null : new PlainBody(this.exchange, type),
    );
  }

  /** After a callback: puts into the exchange what its maps are now. */
  writeBack(): void {
    this.heads.forEach((head, mapType) => (this.exchange.maps[mapType] = head === null ? null : head.toPairs()));
  }

  get steps(): readonly string[] {
    return this.exchange.steps;
  }

  head(_slot: number, mapType: number): Head | null {
    return this.heads[mapType]!;
  }
  headForWrite(_slot: number, mapType: number): Head | null {
    return this.exchange.isReadOnly ? null : this.heads[mapType]!;
  }
  body(_slot: number, bufferType: number): StreamBody | null {
    return this.bodies[bufferType] ?? null;
  }
  property(_slot: number, path: string): Uint8Array | null {
    return this.exchange.properties.get(path) ?? null;
  }
  setProperty(_slot: number, path: string, value: Uint8Array): boolean {
    this.exchange.properties.set(path, value.slice());
    return true;
  }
  setVerdict(_slot: number, code: number, reason: string): void {
    this.exchange.verdict = { code, reason };
  }
  setResponse(_slot: number, status: number, headers: Head, body: Uint8Array): void {
    this.exchange.response = { status, headers: headers.toPairs(), body: body.slice() };
  }
  report(_slot: number, key: string, type: number, value: Uint8Array): boolean {
    this.exchange.reports.push([key, type, value.slice()]);
    return true;
  }
  mirror(_slot: number, cluster: string, flags: number): MirrorAnswer {
    const answer = this.exchange.mirrorAnswer ?? "ok";
    if (answer === "ok") this.exchange.mirrors.push([cluster, flags]);
    return answer;
  }
  quota(_slot: number, quota: Quota, key: Uint8Array, amount: number, isBestEffort: boolean): QuotaAnswer {
    this.exchange.reservations.push(`${quota.name} ${Buffer.from(key)} ${amount}${isBestEffort ? " partly" : ""}`);
    return quota.reserve(key, amount, isBestEffort);
  }
  localResponse(_slot: number, { headers, ...reply }: LocalReply): boolean {
    this.exchange.replies.push({ ...reply, headers: headers.toPairs() });
    this.step(`reply ${reply.status}`);
    return this.exchange.replies.length === 1;
  }
  continueStream(_slot: number, type: number): void {
    this.step(`continue ${type}`);
  }
  closeStream(_slot: number, type: number): void {
    this.step(`close ${type}`);
  }
  isCheckPending(): boolean {
    return this.exchange.isCheckPending;
  }
  completeCheck(_slot: number, kind: number): void {
    this.step(`check ${kind}`);
  }
  /** A matter of the engine's. */
  calloutsOver(): void {}
  instanceLost(_slot: number, failure: GuestFailure): void {
    this.lost.push(failure);
  }

  private step(name: string): void {
    this.exchange.steps.push(name);
    this.onStep();
  }
}

class PlainBody implements StreamBody {
  private readonly exchange: Exchange;
  private readonly type: number;

  constructor(exchange: Exchange, type: number) {
    this.exchange = exchange;
    this.type = type;
  }

  get length(): number {
    return this.bytes.length;
  }
  copyInto(target: Uint8Array, at: number, start: number, length: number): void {
    target.set(this.bytes.subarray(start, start + length), at);
  }
  replace(start: number, length: number, bytes: Uint8Array): boolean {
    const now = this.bytes;
    if (now.length - length + bytes.length > this.exchange.bodyBytesMax) return false;
    this.exchange.bodies[this.type] = Buffer.concat([now.subarray(0, start), bytes, now.subarray(start + length)]);
    return true;
  }
  private get bytes(): Uint8Array {
    return this.exchange.bodies[this.type]!;
  }
}
