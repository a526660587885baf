// TLS is not configurable yet; that PlainTransport carries it is what keeps the seam honest.

import { readFileSync } from "node:fs";
import { connect, createServer } from "node:tls";
import { listenOn, PlainTransport } from "./plain-transport.ts";
import { describeTransport } from "./transport-contract.ts";
import type { TransportKind } from "./transport.ts";

const keyFile = (name: string): string => readFileSync(new URL(`test-keys/${name}`, import.meta.url), "utf8");
const cert = keyFile("localhost.cert.pem");
const key = keyFile("localhost.key.pem");

const tls: TransportKind = {
  listen: (at, accepted) =>
    listenOn(
      () =>
        createServer({ cert, key, allowHalfOpen: true, noDelay: true }, (socket) =>
          accepted(new PlainTransport(socket)),
        ),
      at,
    ),
  connect: (host, port) => new PlainTransport(connect({ host, port, ca: cert, servername: "localhost" })),
};

describeTransport("TLS over PlainTransport", tls);
