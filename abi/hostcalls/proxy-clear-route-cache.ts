// proxy_clear_route_cache (0.1.0): nothing to do, the stream engine routes anew when a field that routing looks at was edited.
import { caller } from "../host/caller.ts";
import { Status } from "../spec/enums.ts";

export function proxyClearRouteCache(): number {
  caller();
  return Status.Ok;
}
