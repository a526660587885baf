// The public face of @sluice/proxy.

export { HttpServer } from "./exchange/http-server.ts";
export type { ExchangeFacts, HttpServerOptions, ListenAt, StreamObserver } from "./exchange/http-server.ts";
export type { WorkersStatus, WorkerStatus } from "./main/workers-status.ts";
export { PROXY_ERRORS } from "./errors.ts";
