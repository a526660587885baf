// Which filter this module is, and the contexts it lives in. A module serves one plugin almost always; hosts that put
// several into one instance (same code, different configuration) get one filter object each.

import { Plugin } from "./filter";
import { IdTable } from "./id-table";
import { ReusedStream, Stream } from "./stream";

@final
class Contexts {
  make: (() => Plugin) | null = null;
  /** The plugin while there is but one, so that callbacks need not look it up. */
  only: Plugin | null = null;
  readonly plugins: Map<u32, Plugin> = new Map();
  readonly pluginOfStream: Map<u32, Plugin> = new Map();
  readonly streams: IdTable<Stream> = new IdTable<Stream>();
}

const contexts: Contexts = new Contexts();

/** Says which class this module is. Once, at the end of the module. */
export function filter<T extends Plugin>(): void {
  contexts.make = (): Plugin => instantiate<T>();
}

/** A root context: a new filter object. */
export function createPlugin(id: u32): void {
  const make = contexts.make;
  assert(make !== null, "the module never calls filter<…>()");
  const plugin = make!();
  contexts.plugins.set(id, plugin);
  contexts.only = contexts.plugins.size == 1 ? plugin : null;
}

/** A stream context: the filter's own stream object, when it has one. */
export function createStream(id: u32, parent: u32): void {
  const plugin = pluginOf(parent);
  if (contexts.only === null) contexts.pluginOfStream.set(id, plugin);
  const idle = plugin.idleStreams;
  const stream = idle.length > 0 ? idle.pop() : plugin.newStream();
  if (stream === null) return;
  stream.id = id;
  if (stream instanceof ReusedStream) (<ReusedStream>stream).begin();
  contexts.streams.add(id, stream);
}

/** The filter behind a root or a stream context. */
export function pluginOf(id: u32): Plugin {
  const only = contexts.only;
  if (only !== null) return only;
  return contexts.plugins.has(id) ? contexts.plugins.get(id) : contexts.pluginOfStream.get(id);
}

/** The stream object behind a stream context, null when the filter makes none. */
export function streamOf(id: u32): Stream | null {
  return contexts.streams.get(id);
}

export function removeContext(id: u32): void {
  const stream = contexts.streams.take(id);
  if (stream !== null) {
    stream.id = 0;
    if (stream instanceof ReusedStream) pluginOf(id).idleStreams.push(stream);
  }
  if (contexts.only !== null && stream !== null) return;
  contexts.pluginOfStream.delete(id);
  contexts.plugins.delete(id);
}
