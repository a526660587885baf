// A real registry on a free port and a temporary folder, for tests that speak HTTP to it.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProxyStatus } from "@sluice/proxy/contract";
import { pino } from "pino";
import { createRegistry } from "./registry.ts";
import type { Registry, RegistryOptions } from "./registry.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // Tests look into answers freely; what they expect there is what they assert.
  readonly json: Record<string, unknown>;
}

export interface Call {
  readonly body?: string | Uint8Array<ArrayBuffer> | FormData;
  readonly headers?: Readonly<Record<string, string>>;
  /** The token sent; null for none. Default: the admin's. */
  readonly token?: string | null;
}

export class TestRegistry {
  readonly stateDir: string;
  readonly url: string;
  readonly adminToken: string;
  readonly proxyToken: string;
  readonly #registry: Registry;

  private constructor(stateDir: string, registry: Registry, tokens: { admin: string; proxy: string }) {
    this.stateDir = stateDir;
    this.#registry = registry;
    this.url = `http://${registry.address}`;
    this.adminToken = tokens.admin;
    this.proxyToken = tokens.proxy;
  }

  static async start(options: Partial<RegistryOptions> = {}): Promise<TestRegistry> {
    const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), "sluice-registry-")));
    const log = pino({ level: "silent" });
    const registry = await createRegistry({ address: "127.0.0.1:0", log, ...options, stateDir });
    const read = async (file: string): Promise<string> => (await readFile(file, "utf8")).trim();
    const tokens = { admin: await read(registry.tokenFiles.admin), proxy: await read(registry.tokenFiles.proxy) };
    return new TestRegistry(stateDir, registry, tokens);
  }

  async call(
    method: string,
    path: string,
    { body, headers = {}, token = this.adminToken }: Call = {},
  ): Promise<Answer> {
    const authorization: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...authorization,
        ...(typeof body === "string" ? { "content-type": "application/json" } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    const json = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
    return { status: response.status, headers: response.headers, text, json };
  }

  /** Pushes a module alone, or with the given parts. */
  push(
    filter: string,
    module: Uint8Array<ArrayBuffer>,
    parts: { document?: string; tag?: string; requests?: string; sourceMap?: string } = {},
  ): Promise<Answer> {
    const { document, tag, requests, sourceMap } = parts;
    const path = `/v1/filters/${filter}/versions${tag === undefined ? "" : `?tag=${tag}`}`;
    if (document === undefined && requests === undefined && sourceMap === undefined) {
      return this.call("PUT", path, { body: module, headers: { "content-type": "application/wasm" } });
    }
    const form = new FormData();
    if (document !== undefined) form.append("filter", new Blob([document]), "filter.yaml");
    if (requests !== undefined) form.append("requests", new Blob([requests]), "samples.yaml");
    if (sourceMap !== undefined) form.append("sourceMap", new Blob([sourceMap]), "module.wasm.map");
    form.append("module", new Blob([module]), "module.wasm");
    return this.call("PUT", path, { body: form });
  }

  deploy(
    document: { readonly name: string; readonly [key: string]: unknown },
    ifMatch: number | null,
    query = "",
  ): Promise<Answer> {
    const headers: Record<string, string> = ifMatch === null ? {} : { "if-match": `"${ifMatch}"` };
    return this.call("PUT", `/v1/deployments/${document.name}${query}`, { body: JSON.stringify(document), headers });
  }

  /** Opens an event stream and reads it event by event. */
  async events(path: string, token: string = this.adminToken): Promise<EventReader> {
    const response = await fetch(this.url + path, { headers: { authorization: `Bearer ${token}` } });
    if (response.body === null || response.status !== 200) throw new Error(`${path} answered ${response.status}`);
    return new EventReader(response.body);
  }

  /** Ends the registry but keeps its folder, for one that is started again on it. */
  stop(): Promise<void> {
    return this.#registry.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#registry.close();
    await rm(this.stateDir, { recursive: true, force: true });
  }
}

/** What a proxy reports that runs deployment `applied` and has had no request yet. */
export function idleStatus(applied: number): ProxyStatus {
  const counters = { requests: 0, responses: {}, connections: 0, streams: 0, revisions: [] };
  return {
    applied,
    refused: null,
    ready: true,
    notLoaded: [],
    overrides: [],
    overrideEvents: [],
    counters: { ...counters, keyless: {}, mirrors: [], quotas: {} },
  };
}

export interface ReadEvent {
  readonly event: string;
  readonly id: string | null;
  readonly data: Record<string, unknown>;
}

export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
  }

  /** The next event, or null when the stream has ended. */
  async next(): Promise<ReadEvent | null> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        return parsedEvent(block);
      }
      const { done, value } = await this.#reader.read();
      if (done) return null;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  /** The next event of that name; others are passed over. */
  async nextOf(name: string): Promise<ReadEvent> {
    for (;;) {
      const event = await this.next();
      if (event === null) throw new Error(`the stream ended before an event ${name}`);
      if (event.event === name) return event;
    }
  }

  close(): Promise<void> {
    return this.#reader.cancel();
  }
}

function parsedEvent(block: string): ReadEvent {
  const fields = new Map(
    block.split("\n").map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]),
  );
  return {
    event: fields.get("event") ?? "",
    id: fields.get("id") ?? null,
    data: JSON.parse(fields.get("data") ?? "null") as Record<string, unknown>,
  };
}
