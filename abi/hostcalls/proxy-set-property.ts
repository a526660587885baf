// proxy_set_property: a stream's own notes, for later filters too. What the host answers itself is read-only, and
// so is, once it is set, what the filter declared to be.
import { isBuiltIn } from "../host/attributes.ts";
import { caller } from "../host/caller.ts";
import { propertyPath } from "../host/property-path.ts";
import { Status } from "../spec/enums.ts";

export function proxySetProperty(pathPtr: number, pathSize: number, valuePtr: number, valueSize: number): number {
  const guest = caller();
  if (!guest.has(pathPtr, pathSize) || !guest.has(valuePtr, valueSize)) return Status.InvalidMemoryAccess;
  const { stream, slot } = guest.acting;
  if (stream === null) return Status.NotFound;
  const path = propertyPath(guest, pathPtr, pathSize);
  if (path === null || isBuiltIn(path)) return Status.BadArgument;
  const isSetOnce = guest.scope.declared?.get(path) === true;
  if (isSetOnce && stream.property(slot, path) !== null) return Status.BadArgument;
  if (!guest.hold(path.length + (valueSize >>> 0))) return Status.InternalFailure;
  return stream.setProperty(slot, path, guest.slice(valuePtr, valueSize)) ? Status.Ok : Status.InternalFailure;
}
