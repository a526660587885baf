// proxy_continue_request (0.1.0)
import { StreamType } from "../spec/enums.ts";
import { proxyContinueStream } from "./proxy-continue-stream.ts";

export function proxyContinueRequest(): number {
  return proxyContinueStream(StreamType.Request);
}
