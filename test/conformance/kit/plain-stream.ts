// The simplest stream context: two messages whose maps are all readable and writable unless a test closes them, and a list
// of what the filter asked for. It decides nothing, so a conformance test sees the hostcalls and not an engine.
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

type Pairs = readonly (readonly [string, string])[];

export interface PlainStreamOptions {
  readonly requestHeaders?: Pairs;
  readonly requestTrailers?: Pairs;
  readonly responseHeaders?: Pairs;
  readonly responseTrailers?: Pairs;
  readonly requestBody?: string;
  readonly responseBody?: string;
  readonly bodyBytesMax?: number;
  readonly isReadOnly?: boolean;
  readonly mirrorAnswer?: MirrorAnswer;
  readonly properties?: Readonly<Record<string, Uint8Array>>;
}

export class PlainStream implements StreamContext {
  readonly heads: (Head | null)[];
  readonly bodies: (PlainBody | null)[];
  readonly properties: Map<string, Uint8Array>;
  readonly isReadOnly: boolean;
  readonly replies: LocalReply[] = [];
  /** `continue 0`, `close 1`, …, in the order they were done. */
  readonly steps: string[] = [];
  readonly reports: [key: string, type: number, value: Uint8Array][] = [];
  readonly mirrors: [cluster: string, flags: number][] = [];
  /** What was taken out of quotas: `name key amount`, with ` partly` when a part was acceptable. */
  readonly reservations: string[] = [];
  readonly lost: GuestFailure[] = [];
  private readonly mirrorAnswer: MirrorAnswer;
  verdict: { code: number; reason: string } | null = null;
  response: { status: number; headers: Head; body: Uint8Array } | null = null;
  /** Called at each after-call effect, for tests of what an effect may do in turn. */
  onStep: () => void = () => {};

  constructor(options: PlainStreamOptions = {}) {
    const maps = [options.requestHeaders, options.requestTrailers, options.responseHeaders, options.responseTrailers];
    this.heads = maps.map((pairs) => (pairs === undefined ? null : headOf(pairs)));
    this.bodies = [options.requestBody, options.responseBody].map((text) =>
      text === undefined ? null : new PlainBody(text, options.bodyBytesMax ?? 1024 * 1024),
    );
    this.properties = new Map(Object.entries(options.properties ?? {}));
    this.mirrorAnswer = options.mirrorAnswer ?? "ok";
    this.isReadOnly = options.isReadOnly ?? false;
  }

  head(_slot: number, mapType: number): Head | null {
    return this.heads[mapType]!;
  }
  headForWrite(_slot: number, mapType: number): Head | null {
    return this.isReadOnly ? null : this.heads[mapType]!;
  }
  body(_slot: number, bufferType: number): StreamBody | null {
    return this.bodies[bufferType]!;
  }
  property(_slot: number, path: string): Uint8Array | null {
    return this.properties.get(path) ?? null;
  }
  setProperty(_slot: number, path: string, value: Uint8Array): boolean {
    this.properties.set(path, value.slice());
    return true;
  }
  setVerdict(_slot: number, code: number, reason: string): void {
    this.verdict = { code, reason };
  }
  setResponse(_slot: number, status: number, headers: Head, body: Uint8Array): void {
    this.response = { status, headers, body };
  }
  report(_slot: number, key: string, type: number, value: Uint8Array): boolean {
    this.reports.push([key, type, value.slice()]);
    return true;
  }
  mirror(_slot: number, cluster: string, flags: number): MirrorAnswer {
    if (this.mirrorAnswer === "ok") this.mirrors.push([cluster, flags]);
    return this.mirrorAnswer;
  }
  quota(_slot: number, quota: Quota, key: Uint8Array, amount: number, isBestEffort: boolean): QuotaAnswer {
    this.reservations.push(`${quota.name} ${Buffer.from(key)} ${amount}${isBestEffort ? " partly" : ""}`);
    return quota.reserve(key, amount, isBestEffort);
  }
  localResponse(_slot: number, reply: LocalReply): boolean {
    this.replies.push(reply);
    this.step(`reply ${reply.status}`);
    return this.replies.length === 1;
  }
  continueStream(_slot: number, type: number): void {
    this.step(`continue ${type}`);
  }
  closeStream(_slot: number, type: number): void {
    this.step(`close ${type}`);
  }
  instanceLost(_slot: number, failure: GuestFailure): void {
    this.lost.push(failure);
  }

  private step(name: string): void {
    this.steps.push(name);
    this.onStep();
  }
}

export class PlainBody implements StreamBody {
  bytes: Uint8Array;
  private readonly bytesMax: number;

  constructor(text: string, bytesMax: number) {
    this.bytes = Buffer.from(text);
    this.bytesMax = bytesMax;
  }

  get length(): number {
    return this.bytes.length;
  }
  get text(): string {
    return Buffer.from(this.bytes).toString();
  }
  copyInto(target: Uint8Array, at: number, start: number, length: number): void {
    target.set(this.bytes.subarray(start, start + length), at);
  }
  replace(start: number, length: number, bytes: Uint8Array): boolean {
    if (this.bytes.length - length + bytes.length > this.bytesMax) return false;
    this.bytes = Buffer.concat([this.bytes.subarray(0, start), bytes, this.bytes.subarray(start + length)]);
    return true;
  }
}
