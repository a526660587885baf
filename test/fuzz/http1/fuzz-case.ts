// One mutant through a whole proxy, and what must hold whatever it is: llhttp reads all that the proxy writes; the proxy
// passes no request that llhttp does not see in the client's own bytes, and no answer that it does not see in the
// upstream's; nothing is left behind.

import { strict as assert } from "node:assert";
import { parse, type Message } from "../../conformance/http1/llhttp.ts";
import { endToEnd } from "../../conformance/http1/meaning.ts";
import { Loopback } from "../../../proxy/exchange/loopback.ts";
import { Random } from "../random.ts";
import { MemoryNetwork, type MemoryTransport } from "./memory-transport.ts";
import { inPieces, mutantAnswer, mutantRequests } from "./mutants.ts";

const ROUTES = (upstream: string): string =>
  `clusters: [{ name: a, endpoints: [${upstream}] }]\nroutes: [{ name: r, cluster: a, upgrade: [websocket] }]\n`;
const SECOND = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond");
const ACCEPT = Buffer.from("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
const OK = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

/** What an upstream connection has read so far. */
class Upstream {
  bytes = Buffer.alloc(0);
  private whole = 0;
  readonly transport: MemoryTransport;

  /** `answer` is called for each request as soon as it is whole. */
  constructor(transport: MemoryTransport, answer: (to: Message) => void) {
    this.transport = transport;
    transport.far = {
      heard: (bytes) => {
        this.bytes = Buffer.concat([this.bytes, bytes]);
        const whole = this.read.messages.filter(({ isWhole }) => isWhole);
        while (this.whole < whole.length) answer(whole[this.whole++]!);
      },
      heardEnd: () => transport.say(["end"]),
      heardClose: () => {},
    };
  }

  get read(): ReturnType<typeof parse> {
    return parse("requests", this.bytes);
  }
}

/** A proxy that many cases go through, one after the other. */
export class Http1Fuzz {
  private readonly network: MemoryNetwork;
  private readonly loopback: Loopback;
  private upstreams: Upstream[] = [];
  /** Requests that reached upstreams whole, in order: one is answered before the next is passed. */
  private passed: Message[] = [];
  private said: Buffer[] = [];

  private constructor(network: MemoryNetwork, loopback: Loopback) {
    this.network = network;
    this.loopback = loopback;
  }

  static async open(): Promise<Http1Fuzz> {
    const network = new MemoryNetwork();
    return new Http1Fuzz(network, await Loopback.start({ transports: network, routing: ROUTES }));
  }

  close(): Promise<void> {
    return this.loopback.stop();
  }

  /** Runs one case; says in a word what became of it. Throws what it has found. */
  async run(seed: number, number: number): Promise<string> {
    const random = new Random(seed, number);
    this.upstreams = [];
    this.passed = [];
    this.said = [];
    this.network.pendsEvery = 1 + random.below(5);
    const outcome = await (random.oneIn(2) ? this.runRequests(random) : this.runAnswer(random));
    await this.leavesNothing();
    return outcome;
  }

  // ---- requests

  private async runRequests(random: Random): Promise<string> {
    const bytes = mutantRequests(random);
    this.network.connected = (transport) => {
      const answer = (to: Message): void => {
        this.passed.push(to);
        // An upgrade that the proxy asks for is nobody's but its client's.
        if (to.fields.some(([name]) => name === "upgrade")) return void transport.say([ACCEPT, "end"]);
        transport.say([to.method === "HEAD" ? OK.subarray(0, -2) : OK]);
      };
      this.upstreams.push(new Upstream(transport, answer));
    };
    const client = this.client();
    client.say([...inPieces(bytes, random), "end"]);
    await this.settle();
    client.close();
    await this.settle();
    return this.checkRequests(bytes);
  }

  private checkRequests(bytes: Buffer): string {
    const { passed } = this;
    const understood = parse("requests", bytes);
    // The server as a whole has no route here.
    const routed = understood.messages.filter(({ target }) => target !== "*");
    for (const [i, message] of passed.entries()) {
      const original = routed[i];
      // llhttp knows a fixed list of methods, and goes no further where another protocol is offered.
      if (original === undefined) {
        assert.ok(
          isBeyond(understood, passed),
          `${shown(bytes)}: llhttp sees ${understood.error}, not ${shown(message)}`,
        );
        return "beyond";
      }
      assert.ok(original.isWhole, `a whole request of ours where llhttp sees part of one: ${shown(message)}`);
      assert.deepEqual(meaningOf(message), meaningOf(original));
    }
    this.checkUpstreams();
    const isHead = (answer: number): boolean => understood.messages[answer]?.method === "HEAD";
    // llhttp forgives an LF before a HEAD; we refuse that, and know of no HEAD then.
    const isHeadPassed = (answer: number): boolean => answer < passed.length && isHead(answer);
    const answers = this.answers(this.canBeRead(isHead) ? isHead : isHeadPassed);
    const refused = answers.filter(({ status }) => status >= 400 && status !== 404).length;
    assert.ok(refused <= 1, `several refusals on one connection: ${answers.map(({ status }) => status)}`);
    if (answers.at(-1)?.status === 101) return this.checkTunnel(understood);
    if (passed.length > 0) return refused > 0 ? "passed, then refused" : "passed";
    return refused > 0 ? "refused" : "unfinished";
  }

  /** All that the client said behind its upgrade reached the upstream, and nothing else did. */
  private checkTunnel({ isUpgraded, rest }: ReturnType<typeof parse>): string {
    const tunnel = this.upstreams.find(({ read }) => read.isUpgraded)!;
    assert.ok(isUpgraded, "a tunnel of ours where llhttp sees no upgrade");
    assert.equal(tunnel.read.rest.toString("latin1"), rest.toString("latin1"));
    return "tunnelled";
  }

  /** What the client broke off breaks off upstream too; anything else there is of our making. */
  private checkUpstreams(): void {
    for (const { read } of this.upstreams) {
      const isCut = read.messages.at(-1)?.isWhole === false;
      // llhttp knows a fixed list of methods.
      if (!read.isUpgraded && !isCut && read.error !== "HPE_INVALID_METHOD") assert.equal(read.error, null);
    }
  }

  // ---- answers

  private async runAnswer(random: Random): Promise<string> {
    const bytes = mutantAnswer(random);
    const pieces = inPieces(bytes, random);
    const ends = random.oneIn(2);
    const isHead = random.oneIn(8);
    let asked = 0;
    this.network.connected = (transport) => {
      const answer = (): void => {
        if (asked++ > 0) transport.say([SECOND]);
        else transport.say(ends ? [...pieces, "end"] : pieces);
      };
      this.upstreams.push(new Upstream(transport, answer));
    };
    const client = this.client();
    const method = isHead ? "HEAD" : "GET";
    client.say([Buffer.from(`${method} /1 HTTP/1.1\r\nHost: a.test\r\n\r\n`)]);
    await this.settle();
    client.say([Buffer.from(`${method} /2 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n`)]);
    await this.settle();
    client.close();
    await this.settle();
    return this.checkAnswer(bytes, isHead, ends);
  }

  private checkAnswer(bytes: Buffer, isHead: boolean, ends: boolean): string {
    const [first, second, third] = this.answers(() => isHead);
    assert.equal(third, undefined);
    if (second !== undefined && !isHead) assert.equal(second.body, "second");
    if (first === undefined) return "no answer";
    if (first.status === 502) return "bad answer";
    const understood = parse("answers", bytes, () => isHead).messages.find(({ status }) => status >= 200);
    assert.ok(understood !== undefined, `${shown(bytes)}: llhttp sees none, not ${shown(first)}`);
    if (!first.isWhole) {
      assert.ok(understood.body.startsWith(first.body), "content that the upstream did not send");
      return "cut";
    }
    assert.ok(understood.isWhole || ends, `a whole answer of ours where llhttp sees part of one: ${shown(first)}`);
    assert.deepEqual(answerMeaning(first), answerMeaning(understood));
    return "answered";
  }

  // ---- both

  private client(): MemoryTransport {
    return this.network.accept({
      heard: (bytes) => void this.said.push(bytes),
      heardEnd: () => {},
      heardClose: () => {},
    });
  }

  private answers(isHead: (answer: number) => boolean): Message[] {
    const { messages, error } = parse("answers", Buffer.concat(this.said), isHead);
    const last = messages.at(-1);
    // The last answer may be a fragment; llhttp then misses its end.
    if (last?.isWhole !== false && last?.status !== 101)
      assert.ok(error === null || error === "HPE_INVALID_EOF_STATE", `${error}: ${shown(Buffer.concat(this.said))}`);
    return messages.filter(({ status }) => status >= 200 || status === 101);
  }

  private canBeRead(isHead: (answer: number) => boolean): boolean {
    return parse("answers", Buffer.concat(this.said), isHead).error !== "HPE_CLOSED_CONNECTION";
  }

  private settle(): Promise<void> {
    return this.network.happenings.settle();
  }

  private async leavesNothing(): Promise<void> {
    for (const { transport } of this.upstreams) transport.say(["end"]);
    await this.settle();
    const { server, pins, account } = this.loopback;
    this.loopback.seen.length = 0;
    assert.deepEqual([server.connections, server.streams, pins, account.held], [0, 0, 0, 0]);
  }
}

function isBeyond({ error, isUpgraded }: ReturnType<typeof parse>, passed: readonly Message[]): boolean {
  return isUpgraded || (error === "HPE_INVALID_METHOD" && passed.length > 0);
}

function meaningOf(message: Message): object {
  const { method, body, trailers } = message;
  return { method, body, trailers, fields: endToEnd(message) };
}

function answerMeaning(message: Message): object {
  const { status, body, trailers } = message;
  return { status, body, trailers, fields: endToEnd(message) };
}

function shown(what: Message | Buffer): string {
  return JSON.stringify(what instanceof Buffer ? what.toString("latin1") : what).slice(0, 600);
}
