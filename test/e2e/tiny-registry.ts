// The registry's side of the protocol, as small as it can be: a watch stream, blobs, statuses; all in memory.

import { createServer } from "node:http";
import type { Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { MEDIA_TYPE, sha256 } from "@sluice/proxy/contract";
import type { Deployment, Digest, ProxyStatus } from "@sluice/proxy/contract";

export class TinyRegistry {
  readonly statuses: ProxyStatus[] = [];
  /** Blobs asked for, in order. */
  readonly fetched: string[] = [];
  port = 0;
  private readonly blobs = new Map<string, Uint8Array>();
  private readonly streams = new Set<ServerResponse>();
  private readonly lookers = new Set<() => void>();
  private server: Server | null = null;
  private wanted: Deployment | null = null;

  /** Starts, or starts again on the same port. */
  async open(): Promise<this> {
    this.server = createServer((request, response) => {
      const url = new URL(request.url!, "http://registry");
      if (request.headers.authorization !== "Bearer secret") return void response.writeHead(401).end("{}");
      if (url.pathname === "/v1/watch") return this.watch(response);
      if (url.pathname.startsWith("/v1/blobs/")) return this.blob(url.pathname.slice("/v1/blobs/".length), response);
      let body = "";
      request.on("data", (text) => (body += text));
      request.on("end", () => this.status(JSON.parse(body) as ProxyStatus, response));
    });
    await new Promise<void>((resolve) => this.server!.listen(this.port, "127.0.0.1", resolve));
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  /** Goes away at once, as a killed process would. */
  async kill(): Promise<void> {
    const { server } = this;
    if (server === null) return;
    this.server = null;
    this.streams.clear();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  /** Stores a version; answers its digest. */
  push(filter: string, module: Uint8Array, document: object = {}): Digest {
    const config = this.store(
      JSON.stringify({ apiVersion: "sluice/v1", kind: "Filter", name: filter, phase: "OTHER", ...document }),
    );
    const layer = this.store(module);
    const manifest = {
      schemaVersion: 2,
      config: { mediaType: MEDIA_TYPE.filter, digest: config, size: 1 },
      layers: [{ mediaType: MEDIA_TYPE.wasmModule, digest: layer, size: module.byteLength }],
    };
    return this.store(JSON.stringify(manifest));
  }

  store(content: string | Uint8Array): Digest {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    this.blobs.set(sha256(bytes), bytes);
    return sha256(bytes);
  }

  /** Puts other bytes under a digest. */
  damage(digest: Digest): void {
    this.blobs.set(digest, new TextEncoder().encode("{}"));
  }

  deploy(deployment: Deployment): void {
    this.wanted = deployment;
    for (const stream of this.streams) this.send(stream, "deployment", deployment);
  }

  announce(digest: Digest): void {
    for (const stream of this.streams) this.send(stream, "prepare", { digest } as object);
  }

  /** The first status from now on that `isTrue` likes, the last known included. */
  statusWhere(isTrue: (status: ProxyStatus) => boolean): Promise<ProxyStatus> {
    return new Promise((resolve) => {
      const look = (): void => {
        const last = this.statuses.at(-1);
        if (last === undefined || !isTrue(last)) return;
        this.lookers.delete(look);
        resolve(last);
      };
      this.lookers.add(look);
      look();
    });
  }

  /** Resolves when blob `digest` has been asked for. */
  fetchedBlob(digest: Digest): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.fetched.includes(digest)) return;
        this.lookers.delete(look);
        resolve();
      };
      this.lookers.add(look);
      look();
    });
  }

  private watch(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(": hello\n\n");
    this.streams.add(response);
    response.on("close", () => this.streams.delete(response));
    if (this.wanted !== null) this.send(response, "deployment", this.wanted);
  }

  private blob(digest: string, response: ServerResponse): void {
    const bytes = this.blobs.get(digest);
    response
      .writeHead(bytes === undefined ? 404 : 200)
      .end(bytes ?? '{"code":"SLUICE-E3000","message":"no such blob"}');
    this.fetched.push(digest);
    this.lookers.forEach((look) => look());
  }

  private status(status: ProxyStatus, response: ServerResponse): void {
    response.writeHead(204).end();
    this.statuses.push(status);
    this.lookers.forEach((look) => look());
  }

  private send(stream: ServerResponse, event: string, data: { readonly number?: number }): void {
    const id = data.number === undefined ? "" : `id: ${data.number}\n`;
    stream.write(`event: ${event}\n${id}data: ${JSON.stringify(data)}\n\n`);
  }
}
