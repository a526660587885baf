// proxy_set_shared_data: an empty value is a value; a number other than 0 must be the one last read, unless the key is new.
import { caller } from "../host/caller.ts";
import { Status } from "../spec/enums.ts";

export function proxySetSharedData(
  keyPtr: number,
  keySize: number,
  valuePtr: number,
  valueSize: number,
  cas: number,
): number {
  const guest = caller();
  if (!guest.has(keyPtr, keySize) || !guest.has(valuePtr, valueSize)) return Status.InvalidMemoryAccess;
  if (!guest.hold((keySize >>> 0) + (valueSize >>> 0))) return Status.InternalFailure;
  const { services, spec } = guest.scope;
  const key = guest.slice(keyPtr, keySize);
  const outcome = services.sharedData.set(spec.vmId, key, guest.slice(valuePtr, valueSize), cas >>> 0);
  // 0.3 to 0.7 ms for 128 KiB of small entries: one fuel a byte.
  guest.spend(services.sharedData.roomMadeBytes);
  if (outcome === "ok") return Status.Ok;
  return outcome === "casMismatch" ? Status.CasMismatch : Status.InternalFailure;
}
