// The admin port: what the proxy is and does, for operators and machines. GETs read, POSTs change. The same server with
// only the public three calls stands behind `health.address`.

import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { SluiceError } from "@sluice/abi";
import { formatAddress } from "../contract/index.ts";
import type { Address } from "../contract/index.ts";
import { PROXY_ERRORS } from "../errors.ts";
import { isOwnHost, isOwnOrigin } from "./own-origin.ts";

export interface AdminCalls {
  readonly healthz: AdminAct;
  readonly readyz: AdminAct;
  readonly metrics: AdminAct;
  readonly snapshot: AdminAct;
  readonly stats: AdminAct;
  readonly overrides: AdminAct;
  readonly override: AdminAct;
  readonly clearOverride: AdminAct;
  readonly tail: AdminAct;
  readonly reload: AdminAct;
  readonly drain: AdminAct;
  /** Ends a worker and starts another in its place. */
  readonly replaceWorker: AdminAct;
  /** All workers anew, one after the other, without losing a request. */
  readonly replaceWorkers: AdminAct;
  readonly profile: AdminAct;
}

export type AdminAct = (call: AdminCall) => Answer | Promise<Answer>;

export interface AdminCall {
  readonly query: URLSearchParams;
  /** What a POST carries, null when it carries nothing. */
  readonly body: unknown;
  /** Name of the token; empty where none is asked for. */
  readonly who: string;
}

export type Answer =
  | { readonly status: number; readonly body: string | object }
  /** Takes the response over, after its head; it ends with the client or with `close`. */
  | { readonly stream: (response: ServerResponse) => void };

export interface AdminServerOptions {
  readonly calls: AdminCalls;
  /** `full` asks for a token beyond /healthz and /readyz; `health` serves the public three and nothing else. */
  readonly kind: "full" | "health";
  /** The token's name when its bearer may read, or change; else null. */
  bearerOf(token: string, act: "read" | "change"): string | null;
}

interface Row {
  readonly method: "GET" | "POST";
  readonly call: keyof AdminCalls;
  /** Open on the admin port without a token. */
  readonly open: boolean;
  /** Also on `health.address`. */
  readonly onHealth: boolean;
}

const ROWS: Readonly<Record<string, Row>> = {
  "/healthz": { method: "GET", call: "healthz", open: true, onHealth: true },
  "/readyz": { method: "GET", call: "readyz", open: true, onHealth: true },
  "/metrics": { method: "GET", call: "metrics", open: false, onHealth: true },
  "/snapshot": { method: "GET", call: "snapshot", open: false, onHealth: false },
  "/stats": { method: "GET", call: "stats", open: false, onHealth: false },
  "/overrides": { method: "GET", call: "overrides", open: false, onHealth: false },
  "/override": { method: "POST", call: "override", open: false, onHealth: false },
  "/override/clear": { method: "POST", call: "clearOverride", open: false, onHealth: false },
  "/tail": { method: "GET", call: "tail", open: false, onHealth: false },
  "/reload": { method: "POST", call: "reload", open: false, onHealth: false },
  "/drain": { method: "POST", call: "drain", open: false, onHealth: false },
  "/replace-worker": { method: "POST", call: "replaceWorker", open: false, onHealth: false },
  "/replace-workers": { method: "POST", call: "replaceWorkers", open: false, onHealth: false },
  "/profile": { method: "POST", call: "profile", open: false, onHealth: false },
};

export class AdminServer {
  private readonly options: AdminServerOptions;
  private readonly server: Server;

  constructor(options: AdminServerOptions) {
    this.options = options;
    this.server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
      void this.answer(request, response);
    });
  }

  /** Resolves with the port. Throws E2003. */
  listen(address: Address): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once("error", (cause: NodeJS.ErrnoException) => {
        const why = cause.code === "EADDRINUSE" ? "the port is in use" : cause.message;
        const name = this.options.kind === "full" ? "admin" : "health";
        reject(
          new SluiceError(
            PROXY_ERRORS.cannotListen,
            `The ${name} port cannot listen on ${formatAddress(address)}: ${why}.`,
            { cause },
          ),
        );
      });
      this.server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
        resolve((this.server.address() as { port: number }).port);
      });
    });
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      send(response, await this.decide(request));
    } catch (error) {
      const shown =
        error instanceof SluiceError
          ? error.toJSON()
          : { code: PROXY_ERRORS.internal.code, message: (error as Error).message, hint: "" };
      send(response, { status: error instanceof SluiceError ? (STATUS_OF[error.code] ?? 422) : 500, body: shown });
    }
  }

  private async decide(request: IncomingMessage): Promise<Answer> {
    const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
    const row = Object.hasOwn(ROWS, path) ? ROWS[path]! : null;
    const isHealth = this.options.kind === "health";
    // A probe names the host it likes; on a public address there is nothing a foreign page could do with these three.
    if (!isHealth) this.refuseForeign(request, row);
    if (row === null || row.method !== request.method || (isHealth && !row.onHealth)) {
      throw new SluiceError(PROXY_ERRORS.adminNoSuchCall, `There is no ${request.method} ${path} here.`);
    }
    const who = isHealth || row.open ? "" : this.bearer(request, row);
    const body = row.method === "POST" ? await readJson(request) : null;
    return this.options.calls[row.call]({ query: new URLSearchParams(query), body, who });
  }

  private refuseForeign(request: IncomingMessage, row: Row | null): void {
    const { host, origin } = request.headers;
    const port = request.socket.localPort ?? 0;
    if (isOwnHost(host ?? "", port) && isOwnOrigin(origin, port)) return;
    if (row?.open === true && origin === undefined) return;
    throw new SluiceError(
      PROXY_ERRORS.adminForeign,
      "This call names a host or comes from a page that is not the admin port's own.",
    );
  }

  private bearer(request: IncomingMessage, row: Row): string {
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    const who = token === undefined ? null : this.options.bearerOf(token, row.method === "GET" ? "read" : "change");
    if (who !== null) return who;
    throw new SluiceError(PROXY_ERRORS.adminUnauthorized, "This call needs a token.");
  }
}

const STATUS_OF: Readonly<Record<string, number>> = {
  [PROXY_ERRORS.adminUnauthorized.code]: 401,
  [PROXY_ERRORS.adminForeign.code]: 403,
  [PROXY_ERRORS.adminNoSuchCall.code]: 404,
  [PROXY_ERRORS.replacementBusy.code]: 409,
  [PROXY_ERRORS.profileBusy.code]: 409,
};

/** A small body as JSON, null for none. Throws E2046. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw unreadable(`it has more than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  if (size === 0) return null;
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (error) {
    throw unreadable((error as Error).message);
  }
}

const BODY_BYTES_MAX = 16 * 1024;

function unreadable(why: string): SluiceError {
  return new SluiceError(PROXY_ERRORS.adminBody, `The call's body cannot be read: ${why}.`);
}

function send(response: ServerResponse, answer: Answer): void {
  if ("stream" in answer) return answer.stream(response);
  const { status, body } = answer;
  const isText = typeof body === "string";
  response.writeHead(status, {
    "content-type": isText ? "text/plain; version=0.0.4; charset=utf-8" : "application/json",
    "cache-control": "no-store",
  });
  response.end(isText ? body : `${JSON.stringify(body, null, 2)}\n`);
}
