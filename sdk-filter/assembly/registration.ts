// Which filter this module is, and the contexts it lives in. A module serves one plugin almost always; hosts that put
// several into one instance (same code, different configuration) get one filter object each.

import { Plugin } from "./filter";
import { Stream } from "./stream";

let make: (() => Plugin) | null = null;
let only: Plugin | null = null;
let plugins: Map<u32, Plugin> = new Map();
let pluginOfStream: Map<u32, Plugin> = new Map();
let streams: Map<u32, Stream> = new Map();

/** Says which class this module is. Once, at the end of the module. */
export function filter<T extends Plugin>(): void {
  make = (): Plugin => instantiate<T>();
}

/** A root context: a new filter object. */
export function createPlugin(id: u32): void {
  const plugin = make!();
  plugins.set(id, plugin);
  only = plugins.size == 1 ? plugin : null;
}

/** A stream context: the filter's own stream object, when it has one. */
export function createStream(id: u32, parent: u32): void {
  const plugin = plugins.get(parent);
  if (only === null) pluginOfStream.set(id, plugin);
  const stream = plugin.newStream();
  if (stream !== null) streams.set(id, stream);
}

/** The filter behind a root or a stream context. */
export function pluginOf(id: u32): Plugin {
  const plugin = only;
  if (plugin !== null) return plugin;
  return plugins.has(id) ? plugins.get(id) : pluginOfStream.get(id);
}

/** The stream object behind a stream context, null when the filter makes none. */
export function streamOf(id: u32): Stream | null {
  return streams.has(id) ? streams.get(id) : null;
}

export function removeContext(id: u32): void {
  streams.delete(id);
  pluginOfStream.delete(id);
  plugins.delete(id);
}
