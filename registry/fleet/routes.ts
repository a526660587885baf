// HTTP: the proxies' watch stream and status calls, the list of proxies, the event stream of consoles.

import { SluiceError } from "@sluice/abi";
import { PROTOCOL_VERSION, ProxyStatusSchema, TailPostSchema, tailFilterOf } from "@sluice/proxy/contract";
import type { ProxyStatus, TailPost } from "@sluice/proxy/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Static } from "typebox";
import { REGISTRY_ERRORS } from "../errors.ts";
import { NameParam, closedObject, nameOf } from "../http/answers.ts";
import { EventStream } from "../http/event-stream.ts";
import { callerOfRequest } from "../http/guard.ts";
import { LABELS_MAX, LABEL_CHARS_MAX, SUBSCRIBERS_MAX } from "../limits.ts";
import type { EventHub } from "./event-hub.ts";
import type { Fleet, Labels } from "./fleet.ts";
import type { TailDesk } from "./tail-desk.ts";

export interface FleetServices {
  readonly fleet: Fleet;
  /** Streams of consoles and command lines. */
  readonly events: EventHub;
  /** Streams of proxies: heartbeat and revocation only; what they are told comes from the fleet. */
  readonly watchers: EventHub;
  readonly tails: TailDesk;
  /** Streams of those who look at records: heartbeat and revocation. */
  readonly tailReaders: EventHub;
}

export async function fleetRoutes(app: FastifyInstance, services: FleetServices): Promise<void> {
  watchRoute(app, services);
  statusRoute(app, services.fleet);
  eventsRoute(app, services.events);
  tailRoute(app, services);
  tailPostRoute(app, services.tails);
}

const WatchQuery = closedObject({
  node: NameParam,
  labels: Type.Optional(Type.String({ description: "labels as a JSON object of strings" })),
  protocol: Type.String({
    description: `version of the protocol the proxy speaks; this registry: ${PROTOCOL_VERSION}`,
  }),
});

function watchRoute(app: FastifyInstance, { fleet, watchers }: FleetServices): void {
  app.get<{ Querystring: Static<typeof WatchQuery> }>(
    "/v1/watch",
    {
      config: { act: "watch", summary: "A proxy's stream: secret, deployment, prepare, heartbeat" },
      schema: { querystring: WatchQuery },
    },
    (request, reply) => {
      const { node, protocol, labels: labelsText = "{}" } = request.query;
      refuseUnknownProtocol(protocol);
      const id = nameOf(node, "proxy");
      const labels = parseLabels(labelsText);
      refuseCrowd(watchers);
      const stream: EventStream = new EventStream(reply, () => {
        watchers.remove(stream);
        fleet.disconnect(id, stream);
      });
      watchers.add(stream, callerOfRequest(request));
      fleet.connect(id, labels, stream);
    },
  );
}

const ProxyParams = closedObject({ id: NameParam });

function statusRoute(app: FastifyInstance, fleet: Fleet): void {
  app.post<{ Params: Static<typeof ProxyParams>; Body: ProxyStatus }>(
    "/v1/proxies/:id/status",
    {
      config: { act: "reportStatus", summary: "What a proxy has applied or refused" },
      schema: { params: ProxyParams, body: ProxyStatusSchema },
    },
    async (request, reply) => {
      fleet.report(nameOf(request.params.id, "proxy"), request.body);
      return reply.code(204).send();
    },
  );
  app.get(
    "/v1/proxies",
    { config: { act: "read", summary: "Every known proxy: wanted, applied, refused, ready, counters" } },
    async () => ({
      proxies: fleet.list(),
    }),
  );
}

function eventsRoute(app: FastifyInstance, events: EventHub): void {
  app.get(
    "/v1/events",
    { config: { act: "read", summary: "Server-sent events: hello, deployment, version, proxy, heartbeat" } },
    (request, reply) => {
      refuseCrowd(events);
      const stream: EventStream = new EventStream(reply, () => events.remove(stream));
      events.add(stream, callerOfRequest(request));
      stream.send({ event: "hello", data: { time: new Date().toISOString() } });
    },
  );
}

const Word = Type.Optional(Type.String());
const TailQuery = closedObject({
  denied: Word,
  slot: Word,
  route: Word,
  status: Word,
  method: Word,
  path: Word,
  proxy: Type.Optional(NameParam),
});

function tailRoute(app: FastifyInstance, { tails, tailReaders }: FleetServices): void {
  app.get<{ Querystring: Readonly<Record<string, string>> }>(
    "/v1/tail",
    {
      config: {
        act: "read",
        summary: "Server-sent records as proxies make them, filtered: hello, record, dropped, heartbeat",
      },
      schema: { querystring: TailQuery },
    },
    (request, reply) => {
      const { proxy, ...words } = request.query;
      const filter = tailFilterOf(new URLSearchParams(words));
      if (typeof filter === "string")
        throw new SluiceError(REGISTRY_ERRORS.requestInvalid, `the tail's filter: ${filter}`);
      const only = proxy === undefined ? null : nameOf(proxy, "proxy");
      tails.refuseCrowd();
      const stream: EventStream = new EventStream(reply, () => {
        tailReaders.remove(stream);
        tail.close();
      });
      tailReaders.add(stream, callerOfRequest(request));
      const tail = tails.open(filter, only, stream);
    },
  );
}

const TailParams = closedObject({ id: Type.String({ maxLength: 64 }) });

function tailPostRoute(app: FastifyInstance, tails: TailDesk): void {
  app.post<{ Params: Static<typeof TailParams>; Body: TailPost }>(
    "/v1/tail/:id",
    {
      config: { act: "reportStatus", summary: "A proxy's records for a tail; 404: nobody looks any more" },
      schema: { params: TailParams, body: TailPostSchema },
    },
    async (request, reply) => {
      // A line end within a line would be an event of the proxy's own making.
      if (request.body.lines.some((line) => /[\r\n]/.test(line)))
        throw new SluiceError(REGISTRY_ERRORS.requestInvalid, "a record is one line");
      if (!tails.take(request.params.id, request.body))
        throw new SluiceError(REGISTRY_ERRORS.tailUnknown, "nobody looks at this tail any more");
      return reply.code(204).send();
    },
  );
}

function refuseUnknownProtocol(protocol: string): void {
  if (protocol === String(PROTOCOL_VERSION)) return;
  throw new SluiceError(
    REGISTRY_ERRORS.protocolUnknown,
    `the proxy speaks protocol ${JSON.stringify(protocol.slice(0, 20))}, this registry ${PROTOCOL_VERSION}`,
  );
}

function refuseCrowd(hub: EventHub): void {
  if (hub.size >= SUBSCRIBERS_MAX) throw new SluiceError(REGISTRY_ERRORS.busy, `${hub.size} streams are open`);
}

function parseLabels(text: string): Labels {
  const labels = labelsOf(text);
  if (labels !== null) return labels;
  throw new SluiceError(
    REGISTRY_ERRORS.requestInvalid,
    `labels must be a JSON object of at most ${LABELS_MAX} strings of ${LABEL_CHARS_MAX} characters`,
  );
}

function labelsOf(text: string): Labels | null {
  const entries = objectEntries(text);
  if (entries === null || entries.length > LABELS_MAX) return null;
  const isLabel = ([key, value]: [string, unknown]): boolean =>
    key.length <= LABEL_CHARS_MAX && typeof value === "string" && value.length <= LABEL_CHARS_MAX;
  // fromEntries defines own properties, so a key `__proto__` stays a mere label.
  return entries.every(isLabel) ? (Object.fromEntries(entries) as Labels) : null;
}

function objectEntries(text: string): [string, unknown][] | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : null;
  } catch {
    return null;
  }
}
