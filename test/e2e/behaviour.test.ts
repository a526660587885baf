// The behaviour table through a whole proxy: its guests in one deployment of two workers, each on a route of its own, with
// sockets, clusters and shared memory in the place of the host's in memory. The guests take their cases side by side.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildGuests } from "../behaviour/build.ts";
import { CASES } from "../behaviour/cases.ts";
import type { BehaviourCase, Fields, Message, Step } from "../behaviour/cases.ts";
import { onlyNamed } from "../behaviour/expectation.ts";
import { GUESTS } from "../behaviour/guests.ts";
import type { Guest } from "../behaviour/guests.ts";
import type { ObservedMessage } from "../behaviour/observe-case.ts";
import { BehaviourOrigin, messageOf } from "./behaviour-origin.ts";
import { EchoService } from "./echo-service.ts";
import { RunningProxy } from "./running-proxy.ts";

const modules = await buildGuests();
const guests = GUESTS.filter(({ name }) => "file" in modules.get(name)!);

/** What a proxy has otherwise than the table: a clock that nobody moves, addresses, counts and lines of all that went on. */
const ELSEWHERE = ["timer", "hold", "properties", "clock", "metrics", "log"];

let origin: BehaviourOrigin;
let echo: EchoService;
let proxy: RunningProxy;

beforeAll(async () => {
  origin = await BehaviourOrigin.start();
  echo = await EchoService.start();
  proxy = await RunningProxy.prepare();
  for (const { name } of guests) await proxy.write(`${name}.wasm`, readFileSync(fileOf(name)));
  await proxy.changeMachine((text) => text.replace(/^routes:.*$/m, routes()).replace(/^clusters:.*$/m, clusters()));
  await proxy.write("deployment.yaml", deployment());
  await proxy.start();
});

afterAll(async () => {
  await proxy.close();
  origin.close();
  echo.close();
});

it.concurrent.each(guests)("a proxy passes the table with $title", async (guest) => {
  const served = CASES.filter(({ behaviour, needs }) => {
    return !ELSEWHERE.includes(behaviour) && (needs === undefined || guest.lacks[needs] === undefined);
  });
  for (const behaviourCase of served) {
    for (const step of behaviourCase.steps) await passes(guest, behaviourCase, step);
  }
});

/** Where the table lets time pass, what came of it is asked for until it is there. */
async function passes(guest: Guest, { name, behaviour }: BehaviourCase, step: Step): Promise<void> {
  const { request: wanted, response, status } = step.expect;
  const expected = {
    ...(wanted === undefined ? {} : { request: wanted }),
    ...(response && { response }),
    ...(status && { status }),
  };
  for (;;) {
    const seen = onlyNamed(await exchange(guest, behaviour, step), expected);
    if (step.afterMs !== undefined && JSON.stringify(seen) !== JSON.stringify(expected)) continue;
    expect(seen, name).toEqual(expected);
    return;
  }
}

interface Exchanged {
  readonly status: number;
  readonly request: ObservedMessage | null;
  readonly response: ObservedMessage;
}

async function exchange({ name }: Guest, behaviour: string, step: Step): Promise<Exchanged> {
  const { path = "/", request: sent = {}, response = {} } = step;
  origin.answerNext(name, { status: response.status ?? 200, message: response });
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
  const received = await messageOf(answer);
  return { status: answer.statusCode!, request: origin.seenOf(name), response: received };
}

function requestFields(behaviour: string, { headers = [], chunks, trailers }: Message): Fields {
  const isNamed = headers.some(([name]) => name === "x-behaviour");
  return [
    ["host", "test"],
    ...(isNamed ? [] : [["x-behaviour", behaviour] as const]),
    ...headers.filter(([name]) => name !== "content-length").map(toGrpc(behaviour)),
    ...(chunks === undefined ? [] : [["transfer-encoding", "chunked"] as const]),
    ...(trailers === undefined ? [] : [["trailer", trailers.map(([name]) => name).join()] as const]),
  ];
}

/** One port does not speak both HTTP/1 and HTTP/2. */
function toGrpc(behaviour: string): (field: Fields[number]) => Fields[number] {
  const isGrpc = behaviour.startsWith("grpc");
  return ([name, value]) => (isGrpc && name === "x-cluster" && value === "answers" ? [name, "echo"] : [name, value]);
}

function fileOf(name: Guest["name"]): string {
  return (modules.get(name) as { readonly file: string }).file;
}

function routes(): string {
  const all = guests.map(({ name }) => `{ name: ${name}, match: { path: { prefix: /${name}/ } }, cluster: origin }`);
  return `routes: [${all.join(", ")}]`;
}

function clusters(): string {
  const ports = { origin: origin.port, answers: origin.port, slow: origin.silentPort, echo: echo.port, broken: 1 };
  // What is slow takes connections and says nothing: callouts shall end by their own time, not by the connection's.
  const patience = "connectTimeout: 60s";
  const all = Object.entries(ports).map(
    ([name, port]) => `{ name: ${name}, endpoints: [127.0.0.1:${port}]${name === "slow" ? `, ${patience}` : ""} }`,
  );
  return `clusters: [${all.join(", ")}]`;
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
        environment: { COLOUR: green }
`,
  );
  return `apiVersion: sluice/v1\nkind: Deployment\nname: default\nslots:\n${slots.join("")}`;
}
