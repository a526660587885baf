// A thread that asks a server which never answers, and then has nothing left to do. `workerData` is the server's port.

import { workerData } from "node:worker_threads";
import { headOf } from "@sluice/abi/data-path";
import { CalloutBench, GrpcNotes, requestHead } from "./callouts.fixture.ts";

const client = new CalloutBench().client({ auth: [workerData as number] }, 60_000);
const ASKED = { cluster: "auth", timeoutMs: 60_000 };
client.http(
  { ...ASKED, headers: requestHead(), body: new Uint8Array(0), trailers: null },
  { answered: () => {}, failed: () => {} },
);
const method = { service: "s.S", method: "M", metadata: headOf([]) };
client.grpcCall({ ...ASKED, ...method, message: new Uint8Array(0) }, new GrpcNotes());
client.grpcStream({ ...ASKED, ...method }, new GrpcNotes());
