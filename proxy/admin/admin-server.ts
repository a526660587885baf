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
  readonly healthz: () => Answer;
  readonly readyz: () => Answer;
  readonly metrics: () => Answer;
  readonly snapshot: () => Answer;
  readonly stats: () => Promise<Answer>;
  readonly reload: () => Promise<Answer>;
  readonly drain: () => Answer;
  /** Ends a worker and starts another in its place. */
  readonly replaceWorker: (query: URLSearchParams) => Answer;
}

export interface Answer {
  readonly status: number;
  readonly body: string | object;
}

export interface AdminServerOptions {
  readonly calls: AdminCalls;
  /** `full` asks for a token beyond /healthz and /readyz; `health` serves the public three and nothing else. */
  readonly kind: "full" | "health";
  /** May the bearer of this token read, or change? */
  permits(token: string, act: "read" | "change"): boolean;
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
  "/reload": { method: "POST", call: "reload", open: false, onHealth: false },
  "/drain": { method: "POST", call: "drain", open: false, onHealth: false },
  "/replace-worker": { method: "POST", call: "replaceWorker", open: false, onHealth: false },
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
    if (!isHealth && !row.open) this.refuseUnauthorized(request, row);
    return this.options.calls[row.call](new URLSearchParams(query));
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

  private refuseUnauthorized(request: IncomingMessage, row: Row): void {
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (token !== undefined && this.options.permits(token, row.method === "GET" ? "read" : "change")) return;
    throw new SluiceError(PROXY_ERRORS.adminUnauthorized, "This call needs a token.");
  }
}

const STATUS_OF: Readonly<Record<string, number>> = {
  [PROXY_ERRORS.adminUnauthorized.code]: 401,
  [PROXY_ERRORS.adminForeign.code]: 403,
  [PROXY_ERRORS.adminNoSuchCall.code]: 404,
};

function send(response: ServerResponse, { status, body }: Answer): void {
  const isText = typeof body === "string";
  response.writeHead(status, {
    "content-type": isText ? "text/plain; version=0.0.4; charset=utf-8" : "application/json",
    "cache-control": "no-store",
  });
  response.end(isText ? body : `${JSON.stringify(body, null, 2)}\n`);
}
