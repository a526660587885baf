// The public face of @sluice/proxy.

export type {
  ExchangeFacts,
  HttpServerOptions,
  ListenAt,
  SlotReports,
  StreamObserver,
} from "./exchange/http-server.ts";
