// The public face of @sluice/proxy.

export { HttpServer } from "./exchange/http-server.ts";
export type { ExchangeFacts, HttpServerOptions, ListenAt, StreamObserver } from "./exchange/http-server.ts";
export { PROXY_ERRORS } from "./errors.ts";
