// proxy_get_status: how the last callout that failed did; Ok and no words before that.
import { caller } from "../host/caller.ts";
import { Status } from "../spec/enums.ts";

export function proxyGetStatus(codeOut: number, messagePtrOut: number, messageSizeOut: number): number {
  const guest = caller();
  if (!guest.has(codeOut, 4)) return Status.InvalidMemoryAccess;
  const { code, message } = guest.lastStatus;
  const status = guest.returnBytes(message, 0, message.length, messagePtrOut, messageSizeOut);
  if (status === Status.Ok) guest.setU32(codeOut, code);
  return status;
}
