// One exchange as plain data: the messages a test feeds to a host, and what the host's guest did with them. It decides
// nothing, so a conformance test sees the hostcalls and not an engine.

export type Pairs = readonly (readonly [name: string, value: string])[];

export interface ExchangeOptions {
  readonly requestHeaders?: Pairs;
  readonly requestTrailers?: Pairs;
  readonly responseHeaders?: Pairs;
  readonly responseTrailers?: Pairs;
  readonly requestBody?: string;
  readonly responseBody?: string;
  /** What a TCP connection brought. */
  readonly downstreamData?: string;
  readonly upstreamData?: string;
  readonly bodyBytesMax?: number;
  /** No map may be changed, as while an exchange is logged. */
  readonly isReadOnly?: boolean;
  /** What the exchange says to a copy of its request; by default it makes one. */
  readonly mirrorAnswer?: "unknownCluster" | "tooLate" | "full";
  /** Its check waits for a callout's answer. */
  readonly isCheckPending?: boolean;
  readonly properties?: Readonly<Record<string, Uint8Array>>;
}

/** A reply that a guest made, its headers without those that frame a message. */
export interface Reply {
  readonly status: number;
  readonly headers: Pairs;
  readonly body: Uint8Array;
  readonly details: string;
  /** 0…16, or -1 for none. */
  readonly grpcStatus: number;
}

export class Exchange {
  /** By map type, 0 to 3; null where there is none. The host puts here what a callback left. */
  readonly maps: (Pairs | null)[];
  /** By buffer type, 0 to 3. */
  readonly bodies: (Uint8Array | null)[];
  readonly bodyBytesMax: number;
  /** By path, segments joined by NUL. */
  readonly properties: Map<string, Uint8Array>;
  readonly isReadOnly: boolean;
  readonly isCheckPending: boolean;
  readonly mirrorAnswer: ExchangeOptions["mirrorAnswer"] | null;
  readonly replies: Reply[] = [];
  /** `continue 0`, `close 1`, `reply 403`, `check 1`, in the order they were done. */
  readonly steps: string[] = [];
  readonly reports: [key: string, type: number, value: Uint8Array][] = [];
  readonly mirrors: [cluster: string, flags: number][] = [];
  /** What was taken out of quotas: `name key amount`, with ` partly` when a part was acceptable. */
  readonly reservations: string[] = [];
  verdict: { code: number; reason: string } | null = null;
  response: Pick<Reply, "status" | "headers" | "body"> | null = null;

  constructor(options: ExchangeOptions = {}) {
    this.maps = [
      options.requestHeaders,
      options.requestTrailers,
      options.responseHeaders,
      options.responseTrailers,
    ].map((pairs) => pairs ?? null);
    this.bodies = [options.requestBody, options.responseBody, options.downstreamData, options.upstreamData].map(
      (text) => (text === undefined ? null : Buffer.from(text)),
    );
    this.bodyBytesMax = options.bodyBytesMax ?? 1024 * 1024;
    this.properties = new Map(Object.entries(options.properties ?? {}));
    this.isReadOnly = options.isReadOnly ?? false;
    this.isCheckPending = options.isCheckPending ?? false;
    this.mirrorAnswer = options.mirrorAnswer ?? null;
  }

  bodyText(bufferType: number): string | null {
    const body = this.bodies[bufferType] ?? null;
    return body === null ? null : Buffer.from(body).toString();
  }

  /** All that a guest can do to it, to be compared with another's. */
  state(): unknown {
    const { maps, properties, replies, steps, reports, mirrors, reservations, verdict, response } = this;
    const bodies = this.bodies.map((_, type) => this.bodyText(type));
    const shown = { maps, bodies, properties: [...properties], replies, steps, reports, mirrors, reservations };
    return structuredClone({ ...shown, verdict, response });
  }
}
