// Envoy's functions about a stream's state: `declare_property`, `set_envoy_filter_state`, `clear_route_cache`.

import { Status } from "../spec/enums.ts";
import type { ForeignFunction } from "./foreign-function.ts";
import { Fields } from "./protobuf.ts";

const WASM_TYPE_LAST = 3;
const OF_THE_CONNECTION = 2;

/** The property may be set once in a stream when it is declared read-only. Types and schemas change nothing: bytes are bytes. */
export const declareProperty: ForeignFunction = (call) => {
  const fields = Fields.read(call.args);
  if (fields === null || fields.bytes(1).length === 0 || fields.number(3) > WASM_TYPE_LAST) return Status.BadArgument;
  if (fields.number(5) >= OF_THE_CONNECTION)
    call.warnOnce("declare_property: a property lives as long as its stream, not as long as the connection");
  const name = latin1(fields.bytes(1));
  return call.declareProperty(name, fields.number(2) !== 0) ? Status.Ok : Status.BadArgument;
};

/** Later filters of the stream read it as the property `filter_state`, key. */
export const setEnvoyFilterState: ForeignFunction = (call) => {
  const fields = Fields.read(call.args);
  if (fields === null || fields.bytes(1).length === 0) return Status.BadArgument;
  const path = `filter_state\0${latin1(fields.bytes(1))}`;
  return call.setProperty(path, fields.bytes(2)) ? Status.Ok : Status.InternalFailure;
};

/** Nothing to do: the stream engine routes anew when a field that routing looks at was edited. */
export const clearRouteCache: ForeignFunction = () => Status.Ok;

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
