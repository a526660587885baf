// What proxy_grpc_call and proxy_grpc_stream have in common: whom to ask, with which metadata.

import { Status } from "../spec/enums.ts";
import type { GrpcRequest } from "./callouts.ts";
import { calloutName, plainFields } from "./callout-request.ts";
import type { Caller } from "./caller.ts";
import { PAIRS_BYTES_MAX } from "./limits.ts";

/** Where the parts of a request lie in guest memory. */
export interface GrpcPointers {
  readonly upstreamPtr: number;
  readonly upstreamSize: number;
  readonly servicePtr: number;
  readonly serviceSize: number;
  readonly methodPtr: number;
  readonly methodSize: number;
  readonly metadataPtr: number;
  readonly metadataSize: number;
}

/** Service and method become a path: a slash or a space in one would make another path of it. */
const NAME = /^[\w.-]+$/;

/** The request, or the status of what is wrong with it. */
export function readGrpcRequest(guest: Caller, at: GrpcPointers): GrpcRequest | number {
  const isInRange =
    guest.has(at.upstreamPtr, at.upstreamSize) &&
    guest.has(at.servicePtr, at.serviceSize) &&
    guest.has(at.methodPtr, at.methodSize) &&
    guest.has(at.metadataPtr, at.metadataSize);
  if (!isInRange) return Status.InvalidMemoryAccess;
  const cluster = calloutName(guest, at.upstreamPtr, at.upstreamSize);
  // ParseFailure, as in Envoy, where the name may be a serialised description of the service.
  if (cluster === null || !guest.scope.services.callouts.hasCluster(cluster)) return Status.ParseFailure;
  const service = calloutName(guest, at.servicePtr, at.serviceSize);
  const method = calloutName(guest, at.methodPtr, at.methodSize);
  if (service === null || method === null || !NAME.test(service) || !NAME.test(method)) return Status.ParseFailure;
  if (at.metadataSize >>> 0 > PAIRS_BYTES_MAX) return Status.ParseFailure;
  if (!guest.hold(at.metadataSize >>> 0)) return Status.InternalFailure;
  const metadata = plainFields(guest.slice(at.metadataPtr, at.metadataSize));
  return metadata === null ? Status.ParseFailure : { cluster, service, method, metadata };
}
