// HOT: bench abi. proxy_get_property
import { caller } from "../host/caller.ts";
import { propertyPath } from "../host/property-path.ts";
import { Status } from "../spec/enums.ts";

export function proxyGetProperty(pathPtr: number, pathSize: number, valuePtrOut: number, valueSizeOut: number): number {
  const guest = caller();
  if (!guest.has(pathPtr, pathSize)) return Status.InvalidMemoryAccess;
  const path = propertyPath(guest, pathPtr, pathSize);
  const value = path === null ? null : guest.property(path);
  if (value === null) return Status.NotFound;
  return guest.returnBytes(value, 0, value.length, valuePtrOut, valueSizeOut);
}
