// The behaviour table through a whole proxy: its guests in one deployment of two workers, each on a route of its own, with
// sockets, clusters and shared memory in the place of the host's in memory.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildGuests } from "../behaviour/build.ts";
import { CASES } from "../behaviour/cases.ts";
import type { BehaviourCase, Fields, Message, Step } from "../behaviour/cases.ts";
import { onlyNamed } from "../behaviour/expectation.ts";
import { GUESTS } from "../behaviour/guests.ts";
import type { Guest } from "../behaviour/guests.ts";
import { fieldValues } from "../behaviour/observe-case.ts";
import type { ObservedMessage } from "../behaviour/observe-case.ts";
import { RunningProxy } from "./running-proxy.ts";

const modules = await buildGuests();
const guests = GUESTS.filter(({ name }) => "file" in modules.get(name)!);

/** What stands where a clock cannot be moved, or is other than the table's: time, connection, environment, gRPC, what is counted. */
const ELSEWHERE = ["timer", "hold", "properties", "clock", "environment", "metrics", "log", "grpc", "grpc-stream"];

let origin: Origin;
let proxy: RunningProxy;

beforeAll(async () => {
  origin = await Origin.start();
  proxy = await RunningProxy.prepare();
  for (const { name } of guests) await proxy.write(`${name}.wasm`, readFileSync(fileOf(name)));
  await proxy.changeMachine((text) => text.replace(/^routes:.*$/m, routes()).replace(/^clusters:.*$/m, clusters()));
  await proxy.write("deployment.yaml", deployment());
  await proxy.start();
});

afterAll(async () => {
  await proxy.close();
  origin.close();
});

describe.each(guests)("$title in a proxy", (guest) => {
  const served = CASES.filter(
    ({ behaviour, needs }) =>
      !ELSEWHERE.includes(behaviour) && (needs === undefined || guest.lacks[needs] === undefined),
  );

  it.each(served)("$name", async (behaviourCase) => {
    for (const step of behaviourCase.steps) await passes(guest, behaviourCase, step);
  });
});

/** Where the table lets time pass, what came of it is asked for until it is there. */
async function passes(guest: Guest, { behaviour }: BehaviourCase, step: Step): Promise<void> {
  const { request: wanted, response, status } = step.expect;
  const expected = {
    ...(wanted === undefined ? {} : { request: wanted }),
    ...(response && { response }),
    ...(status && { status }),
  };
  for (;;) {
    const seen = onlyNamed(await exchange(guest, behaviour, step), expected);
    if (step.afterMs !== undefined && JSON.stringify(seen) !== JSON.stringify(expected)) continue;
    expect(seen).toEqual(expected);
    return;
  }
}

interface Exchanged {
  readonly status: number;
  readonly request: ObservedMessage | null;
  readonly response: ObservedMessage;
}

async function exchange(
  { name }: Guest,
  behaviour: string,
  { path = "/", request: sent = {}, response = {} }: Step,
): Promise<Exchanged> {
  origin.answerNext(response.status ?? 200, response);
  const call = request({
    host: "127.0.0.1",
    port: proxy.ready.listeners["http"]!,
    path: `/${name}${path}`,
    agent: false,
    method: sent.chunks === undefined ? "GET" : "POST",
    // A list keeps the order of fields of one name among the others.
    headers: requestFields(behaviour, sent).flat(),
  });
  for (const chunk of sent.chunks ?? []) call.write(chunk);
  call.addTrailers(Object.fromEntries(sent.trailers ?? []));
  call.end();
  const [answer] = (await once(call, "response")) as [IncomingMessage];
  const seen = await messageOf(answer);
  return { status: answer.statusCode!, request: origin.seen, response: seen };
}

function requestFields(behaviour: string, { headers = [], chunks, trailers }: Message): Fields {
  const isNamed = headers.some(([name]) => name === "x-behaviour");
  return [
    ["host", "test"],
    ...(isNamed ? [] : [["x-behaviour", behaviour] as const]),
    ...headers.filter(([name]) => name !== "content-length"),
    ...(chunks === undefined ? [] : [["transfer-encoding", "chunked"] as const]),
    ...(trailers === undefined ? [] : [["trailer", trailers.map(([name]) => name).join()] as const]),
  ];
}

async function messageOf(message: IncomingMessage): Promise<ObservedMessage> {
  const chunks = await message.setEncoding("utf8").toArray();
  return {
    headers: fieldValues(pairsOf(message.rawHeaders)),
    body: chunks.join(""),
    trailers: fieldValues(pairsOf(message.rawTrailers)),
  };
}

function pairsOf(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, at) => [raw[2 * at]!.toLowerCase(), raw[2 * at + 1]!]);
}

/** The upstream of all routes and the cluster `answers`: plays a case's response, and answers callouts as the table says. */
class Origin {
  private readonly server: Server;
  /** Takes connections and says nothing. */
  private readonly silent = createServer(() => {});
  private next: { readonly status: number; readonly message: Message } = { status: 200, message: {} };
  /** The last request that was no callout; null: none came. */
  seen: ObservedMessage | null = null;

  static async start(): Promise<Origin> {
    const origin = new Origin();
    for (const server of [origin.server, origin.silent]) await once(server.listen(0, "127.0.0.1"), "listening");
    return origin;
  }

  private constructor() {
    this.server = createServer((received, response) => void this.answer(received, response));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get silentPort(): number {
    return (this.silent.address() as AddressInfo).port;
  }

  answerNext(status: number, message: Message): void {
    this.next = { status, message };
    this.seen = null;
  }

  close(): void {
    for (const server of [this.server, this.silent]) {
      server.closeAllConnections();
      server.close();
    }
  }

  private async answer(received: IncomingMessage, response: ServerResponse): Promise<void> {
    const message = await messageOf(received);
    if (received.url === "/ask") return answerCallout(received, message, response);
    this.seen = { ...message, headers: { ...message.headers, ":path": withoutGuest(received.url!) } };
    const { status, message: scripted } = this.next;
    for (const [field, value] of scripted.headers ?? [])
      if (field !== "content-length") response.appendHeader(field, value);
    response.writeHead(status);
    for (const chunk of scripted.chunks ?? []) if (chunk !== "") response.write(chunk);
    response.end();
  }
}

function answerCallout(
  { method, url, headers }: IncomingMessage,
  { body }: ObservedMessage,
  response: ServerResponse,
): void {
  response
    .writeHead(203, { "x-answer": "forty-two" })
    .end(`because: ${method} ${url} ${headers["x-ask"] as string} ${body}`);
}

function withoutGuest(path: string): string {
  return path.slice(path.indexOf("/", 1));
}

function fileOf(name: Guest["name"]): string {
  return (modules.get(name) as { readonly file: string }).file;
}

function routes(): string {
  return `routes: [${guests.map(({ name }) => `{ name: ${name}, match: { path: { prefix: /${name}/ } }, cluster: origin }`).join(", ")}]`;
}

function clusters(): string {
  const at = `127.0.0.1:${origin.port}`;
  return `clusters: [{ name: origin, endpoints: [${at}] }, { name: answers, endpoints: [${at}] }, { name: slow, endpoints: [127.0.0.1:${origin.silentPort}] }, { name: broken, endpoints: [127.0.0.1:1] }]`;
}

function deployment(): string {
  const slots = guests.map(
    ({ name }) => `  - name: ${name}
    phase: OTHER
    match: { routes: [${name}] }
    isolation: shared
    revisions:
      - filter: behaviour
        module: ${name}.wasm
        capabilities: [timer, sharedData, queue, callout, foreign]
        pluginConfig: { label: blue }
`,
  );
  return `apiVersion: sluice/v1\nkind: Deployment\nname: default\nslots:\n${slots.join("")}`;
}
