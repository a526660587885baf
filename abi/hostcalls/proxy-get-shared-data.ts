// proxy_get_shared_data
import { caller } from "../host/caller.ts";
import { Status } from "../spec/enums.ts";

export function proxyGetSharedData(
  keyPtr: number,
  keySize: number,
  valuePtrOut: number,
  valueSizeOut: number,
  casOut: number,
): number {
  const guest = caller();
  if (!guest.has(keyPtr, keySize) || !guest.has(casOut, 4)) return Status.InvalidMemoryAccess;
  guest.charge(keySize >>> 0);
  const { services, spec } = guest.scope;
  const found = services.sharedData.get(spec.vmId, guest.slice(keyPtr, keySize));
  if (found === "absent") return Status.NotFound;
  if (found === "busy") return Status.InternalFailure;
  const status = guest.returnBytes(found.value, 0, found.value.length, valuePtrOut, valueSizeOut);
  if (status === Status.Ok) guest.setU32(casOut, found.cas);
  return status;
}
