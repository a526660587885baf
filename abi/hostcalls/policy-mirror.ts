// policy_mirror: a copy of the stream's request goes to a cluster, and nobody waits for its answer.
import { caller } from "../host/caller.ts";
import { NAME_BYTES_MAX } from "../host/limits.ts";
import { mayMirror } from "../host/moment.ts";
import type { MirrorAnswer } from "../host/stream-context.ts";
import { MirrorFlags, Status } from "../spec/enums.ts";

const ALL_FLAGS = MirrorFlags.KeepCredentials | MirrorFlags.Compare | MirrorFlags.WithoutBody;

export function policyMirror(clusterPtr: number, clusterSize: number, flags: number): number {
  const guest = caller();
  if (!guest.has(clusterPtr, clusterSize)) return Status.InvalidMemoryAccess;
  if (clusterSize === 0 || clusterSize >>> 0 > NAME_BYTES_MAX || (flags & ~ALL_FLAGS) !== 0) return Status.BadArgument;
  const { stream, slot } = guest.acting;
  if (stream === null || !mayMirror(guest)) return Status.BadArgument;
  const cluster = guest.text(clusterPtr, clusterSize, NAME_BYTES_MAX);
  const answer = stream.mirror(slot, cluster, flags);
  if (answer === "unknownCluster")
    guest.scope.logOnce("mirror", WARN, `policy_mirror names cluster "${cluster}", which this proxy does not have`);
  return STATUS_OF[answer];
}

const WARN = 3;
const STATUS_OF: Readonly<Record<MirrorAnswer, number>> = {
  ok: Status.Ok,
  unknownCluster: Status.NotFound,
  tooLate: Status.BadArgument,
  full: Status.InternalFailure,
};
