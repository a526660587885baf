// proxy_get_status: callouts are not served, so none has failed.
import { caller } from "../host/caller.ts";
import { Status } from "../spec/enums.ts";

const NO_MESSAGE = new Uint8Array(0);

export function proxyGetStatus(codeOut: number, messagePtrOut: number, messageSizeOut: number): number {
  const guest = caller();
  if (!guest.has(codeOut, 4)) return Status.InvalidMemoryAccess;
  const status = guest.returnBytes(NO_MESSAGE, 0, 0, messagePtrOut, messageSizeOut);
  if (status === Status.Ok) guest.setU32(codeOut, Status.Ok);
  return status;
}
