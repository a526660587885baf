// Hosts may put several plugins with the same code into one instance (Envoy does). Ours does not, so this drives the module
// by hand: each root context has its own filter object, and streams find theirs.

import { expect, it } from "vitest";
import { buildFilter } from "./build-filter.ts";
import { scratchFilter } from "./scratch-folder.ts";

const SOURCE = `
import { Filter, Stream, filter, log } from "@sluice/sdk-filter/assembly";
import { Config } from "./config";
export * from "@sluice/sdk-filter/assembly/exports";
class Named extends Filter<Config> {
  name: string = "";
  configure(config: Config): bool { this.name = config.name; return true; }
  tick(): void { log.info("tick " + this.name); }
  newStream(): Stream | null { return new NamedStream(this.name); }
}
class NamedStream extends Stream {
  constructor(private name: string) { super(); }
  log(): void { log.info("log " + this.name); }
}
filter<Named>();`;

type Export = (...args: number[]) => number;

it("each root context of an instance keeps its own filter, whichever ends first", async () => {
  const { wasm } = await buildFilter(
    await scratchFilter(SOURCE, "config: { type: object, properties: { name: { type: string } } }\n"),
  );
  const lines: string[] = [];
  let configuration = "";
  const memory = (): Buffer => Buffer.from((exports["memory"] as WebAssembly.Memory).buffer);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), {
    env: {
      proxy_log: (_level: number, start: number, size: number) => {
        lines.push(memory().toString("utf8", start, start + size));
        return 0;
      },
      proxy_get_buffer_bytes: (_type: number, _from: number, _max: number, pointerOut: number, sizeOut: number) => {
        const start = call("proxy_on_memory_allocate", configuration.length);
        memory().write(configuration, start);
        memory().writeUInt32LE(start, pointerOut);
        memory().writeUInt32LE(configuration.length, sizeOut);
        return 0;
      },
    },
  });
  const call = (name: string, ...args: number[]): number => (exports[name] as Export)(...args);
  const configure = (root: number, name: string): void => {
    call("proxy_on_context_create", root, 0);
    configuration = JSON.stringify({ name });
    expect(call("proxy_on_configure", root, configuration.length)).toBe(1);
  };

  call("_initialize");
  configure(1, "one");
  call("proxy_on_context_create", 10, 1);
  configure(2, "two");
  call("proxy_on_context_create", 20, 2);
  for (const stream of [10, 20]) call("proxy_on_log", stream);
  for (const root of [1, 2]) call("proxy_on_tick", root);
  for (const context of [10, 1]) call("proxy_on_delete", context);
  call("proxy_on_tick", 2);
  call("proxy_on_log", 20);
  expect(lines).toEqual(["log one", "log two", "tick one", "tick two", "tick two", "log two"]);
});
