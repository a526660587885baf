// Puts the control plane together: store, tokens, fleet, routes, one HTTP server. Opens everything, closes everything.

import type { AddressInfo } from "node:net";
import { join } from "node:path";
import cookie from "@fastify/cookie";
import { SluiceError, valueProblems } from "@sluice/abi";
import { AddressSchema, formatAddress, isLoopback, parseAddress } from "@sluice/proxy/contract";
import Fastify, { LogController } from "fastify";
import type { FastifyBaseLogger, FastifyError, FastifyInstance } from "fastify";
import { pino } from "pino";
import type { Logger } from "pino";
import { accessRoutes } from "./access/routes.ts";
import { SessionBook } from "./access/sessions.ts";
import { TokenBook, ensureTokens } from "./access/tokens.ts";
import { DeploymentDesk } from "./deployments/deployment-desk.ts";
import { deploymentRoutes } from "./deployments/routes.ts";
import { REGISTRY_ERRORS } from "./errors.ts";
import { ConfigSchemas } from "./filters/config-schemas.ts";
import { PushDesk } from "./filters/push.ts";
import { filterRoutes } from "./filters/routes.ts";
import { EventHub } from "./fleet/event-hub.ts";
import { Fleet } from "./fleet/fleet.ts";
import { fleetRoutes } from "./fleet/routes.ts";
import { TailDesk } from "./fleet/tail-desk.ts";
import { Housekeeping } from "./housekeeping/housekeeping.ts";
import { housekeepingRoutes } from "./housekeeping/routes.ts";
import { consoleRoutes } from "./http/console-files.ts";
import { answerFailure } from "./http/failure.ts";
import { installGuard } from "./http/guard.ts";
import { installOpenApi } from "./http/openapi.ts";
import { SECURITY_HEADERS } from "./http/security-headers.ts";
import {
  CLOSE_GRACE_MS,
  CONNECTIONS_MAX,
  DOCUMENT_BODY_BYTES_MAX,
  FREE_BYTES_MIN,
  HEARTBEAT_MS,
  PATH_PARAM_CHARS_MAX,
  REQUEST_TIMEOUT_MS,
  STORE_BYTES_MAX,
} from "./limits.ts";
import { Room } from "./store/room.ts";
import { Store } from "./store/store.ts";

export interface RegistryOptions {
  /** Folder of tokens, store and blobs; made when missing. */
  readonly stateDir: string;
  /** `HOST:PORT`; port 0 takes any free one. */
  readonly address: string;
  /** Host names besides `localhost` and IP addresses by which the registry may be called. */
  readonly hostNames?: readonly string[];
  /** Where it logs; default: warnings and errors as JSON lines on stderr. */
  readonly log?: Logger;
  /** Folder of the console's built files. */
  readonly consoleDir?: string;
  /** Interval of heartbeats on event streams. */
  readonly heartbeatMs?: number;
  /** Bytes that all versions together may take; more uploads are refused. Default 20 GiB. */
  readonly storeBytesMax?: number;
  /** Bytes of the disk that uploads leave free, for deployments and tables. Default 128 MiB. */
  readonly freeBytesMin?: number;
}

export interface Registry {
  /** `HOST:PORT` it listens on. */
  readonly address: string;
  /** Where the first start wrote the tokens that it made. */
  readonly tokenFiles: { readonly admin: string; readonly proxy: string };
  /** Ends all streams, lets open calls finish, closes the store. A second call waits for the first. */
  close(): Promise<void>;
}

/** Starts a registry. Throws SLUICE-E3007, E3010, E3011, E3012 or E3013. */
export async function createRegistry(options: RegistryOptions): Promise<Registry> {
  const { stateDir } = options;
  const log = options.log ?? pino({ name: "registry", level: "warn" }, pino.destination(2));
  await ensureTokens(stateDir);
  const parts = openParts(await Store.open(stateDir, log), options, log);
  try {
    const app = await buildServer(parts, options, log);
    const address = await listen(app, options.address);
    warnWhenExposed(address, log);
    let closed: Promise<void> | null = null;
    return {
      address,
      tokenFiles: { admin: join(stateDir, "admin.token"), proxy: join(stateDir, "proxy.token") },
      close: () => (closed ??= closeAll(app, parts)),
    };
  } catch (error) {
    closeStreams(parts);
    closeParts(parts);
    throw error;
  }
}

interface Parts {
  readonly stateDir: string;
  readonly room: Room;
  readonly housekeeping: Housekeeping;
  readonly store: Store;
  readonly tokens: TokenBook;
  readonly sessions: SessionBook;
  readonly events: EventHub;
  readonly watchers: EventHub;
  readonly tailReaders: EventHub;
  readonly tails: TailDesk;
  readonly fleet: Fleet;
  readonly pushes: PushDesk;
  readonly desk: DeploymentDesk;
}

function openParts(store: Store, options: RegistryOptions, log: Logger): Parts {
  const { stateDir, heartbeatMs = HEARTBEAT_MS } = options;
  const { storeBytesMax = STORE_BYTES_MAX, freeBytesMin = FREE_BYTES_MIN } = options;
  try {
    const tokens = new TokenBook(stateDir, log);
    const events = new EventHub(tokens, heartbeatMs);
    const watchers = new EventHub(tokens, heartbeatMs);
    const tailReaders = new EventHub(tokens, heartbeatMs);
    const fleet = new Fleet(store, events, log);
    const tails = new TailDesk(fleet);
    const services = { store, fleet, events, schemas: new ConfigSchemas() };
    const pushes = new PushDesk(services);
    const desk = new DeploymentDesk(services);
    const room = new Room(store, stateDir, { storeBytesMax, freeBytesMin });
    const housekeeping = new Housekeeping(services);
    const sessions = new SessionBook(tokens);
    return {
      stateDir,
      room,
      housekeeping,
      store,
      tokens,
      sessions,
      events,
      watchers,
      tailReaders,
      tails,
      fleet,
      pushes,
      desk,
    };
  } catch (error) {
    store.close();
    throw error;
  }
}

async function buildServer(parts: Parts, options: RegistryOptions, log: Logger): Promise<FastifyInstance> {
  const app = bareServer(log);
  await app.register(cookie);
  app.addHook("onSend", async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    if (!reply.hasHeader("cache-control") && request.url.startsWith("/v1")) reply.header("cache-control", "no-store");
  });
  app.setErrorHandler<FastifyError>(answerFailure);
  installGuard(app, { tokens: parts.tokens, sessions: parts.sessions, hostNames: hostNames(options) });
  installOpenApi(app, REGISTRY_VERSION);
  await accessRoutes(app, parts);
  await filterRoutes(app, parts);
  await deploymentRoutes(app, {
    deployments: parts.store.deployments,
    overrides: parts.store.overrides,
    desk: parts.desk,
    splitSecret: parts.store.splitSecret,
  });
  await fleetRoutes(app, parts);
  housekeepingRoutes(app, parts);
  await consoleRoutes(app, options.consoleDir);
  return app;
}

const REGISTRY_VERSION = "0.1.0";

/** What it was told to listen on is a name it answers to. */
function hostNames({ address, hostNames: others = [] }: RegistryOptions): readonly string[] {
  return [parseAddress(address).host.toLowerCase(), ...others.map((name) => name.toLowerCase())];
}

function bareServer(log: FastifyBaseLogger): FastifyInstance {
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: DOCUMENT_BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // What fails before a route is found, such as a path with a broken percent code, is answered in the same shape.
    frameworkErrors: answerFailure,
    // Longer than any digest or tag; the default of 100 would answer a long tag with 404.
    routerOptions: { maxParamLength: PATH_PARAM_CHARS_MAX },
    forceCloseConnections: "idle",
    exposeHeadRoutes: false,
    // The defaults would turn "1" into 1 and drop unknown keys without a word.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  return app;
}

async function listen(app: FastifyInstance, text: string): Promise<string> {
  try {
    const problems = valueProblems(text, AddressSchema);
    if (problems.length > 0) throw new Error(problems.join("; "));
    const { host, port } = parseAddress(text);
    await app.listen({ host, port });
    return formatAddress({ host, port: (app.server.address() as AddressInfo).port });
  } catch (error) {
    await app.close();
    throw new SluiceError(REGISTRY_ERRORS.addressUnusable, `cannot listen on ${text}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Tokens are always asked for, but without TLS they can be read on the way. */
function warnWhenExposed(address: string, log: Logger): void {
  if (isLoopback(parseAddress(address).host)) return;
  log.warn(
    { address },
    `the registry listens on ${address}, beyond this machine, without TLS: tokens and modules travel readable; put a TLS terminator in front and let only it connect`,
  );
}

async function closeAll(app: FastifyInstance, parts: Parts): Promise<void> {
  closeStreams(parts);
  await closeServer(app);
  closeParts(parts);
}

function closeStreams({ events, watchers, tailReaders, tails }: Parts): void {
  tails.close();
  tailReaders.close();
  events.close();
  watchers.close();
}

/** Waits for open calls, but not for ever: what was not answered was not acknowledged. */
async function closeServer(app: FastifyInstance): Promise<void> {
  const force = setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS);
  await app.close();
  clearTimeout(force);
}

function closeParts({ fleet, pushes, store }: Parts): void {
  pushes.close();
  fleet.close();
  store.close();
}
