// proxy_continue_response (0.1.0)
import { StreamType } from "../spec/enums.ts";
import { proxyContinueStream } from "./proxy-continue-stream.ts";

export function proxyContinueResponse(): number {
  return proxyContinueStream(StreamType.Response);
}
