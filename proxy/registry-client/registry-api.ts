// The calls a proxy makes to its registry. HTTP stops here: what leaves is values and SluiceErrors.

import { SluiceError } from "@sluice/abi";
import { readFile } from "node:fs/promises";
import { request } from "undici";
import { PROTOCOL_VERSION } from "../contract/index.ts";
import type { Digest, ProxyStatus, TailPost } from "../contract/index.ts";
import { PROXY_ERRORS } from "../errors.ts";
import { digestOf } from "./blob-cache.ts";
import { BLOB_BYTES_MAX, BLOB_TIMEOUT_MS, STATUS_TIMEOUT_MS, WATCH_SILENCE_MS } from "./limits.ts";

export interface RegistryApiOptions {
  /** `http://host:port`, no slash at the end. */
  readonly address: string;
  /** Read anew for every call, so that a changed token needs no restart; null: calls go without one. */
  readonly tokenFile: string | null;
  readonly node: { readonly id: string; readonly labels: Readonly<Record<string, string>> };
  /** In place of BLOB_TIMEOUT_MS. */
  readonly blobTimeoutMs?: number;
}

export class RegistryApi {
  private readonly options: RegistryApiOptions;

  constructor(options: RegistryApiOptions) {
    this.options = options;
  }

  /** The bytes of a blob, checked. Throws E2006, E2007, E2014 or E2015. */
  async blob(digest: Digest): Promise<Uint8Array> {
    const timeoutMs = this.options.blobTimeoutMs ?? BLOB_TIMEOUT_MS;
    // By the whole and not only by silence: while a blob drips in, the deployments after it wait.
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await this.call("GET", `/v1/blobs/${digest}`, { timeoutMs, signal });
    if (response.statusCode !== 200) {
      throw new SluiceError(
        PROXY_ERRORS.versionNotFetched,
        `The registry answered ${response.statusCode} for blob ${digest}: ${await failureText(response)}`,
      );
    }
    const bytes = await readBounded(response.body, digest).catch((cause: unknown) => {
      if (cause instanceof SluiceError) throw cause;
      const why = signal.aborted ? `it was not there after ${timeoutMs} ms` : (cause as Error).message;
      throw new SluiceError(PROXY_ERRORS.versionNotFetched, `Blob ${digest} broke off: ${why}.`, { cause });
    });
    if (digestOf(bytes) === digest) return bytes;
    throw new SluiceError(
      PROXY_ERRORS.digestMismatch,
      `Blob ${digest} came as ${digestOf(bytes)} from ${this.options.address}.`,
    );
  }

  /** Opens the watch stream. Throws E2014 or E2015; ends when `signal` says so. */
  async watch(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const { id, labels } = this.options.node;
    const query = new URLSearchParams({ node: id, labels: JSON.stringify(labels), protocol: String(PROTOCOL_VERSION) });
    const response = await this.call("GET", `/v1/watch?${query}`, { timeoutMs: WATCH_SILENCE_MS, signal });
    if (response.statusCode === 200) return response.body;
    throw new SluiceError(
      PROXY_ERRORS.registryUnreachable,
      `The registry refused the watch with ${response.statusCode}: ${await failureText(response)}`,
    );
  }

  async postStatus(status: ProxyStatus): Promise<void> {
    const path = `/v1/proxies/${this.options.node.id}/status`;
    const response = await this.call("POST", path, { timeoutMs: STATUS_TIMEOUT_MS, body: JSON.stringify(status) });
    if (response.statusCode < 300) return void (await response.body.dump());
    throw new SluiceError(
      PROXY_ERRORS.registryUnreachable,
      `The registry answered ${response.statusCode} to a status: ${await failureText(response)}`,
    );
  }

  /** Records for a tail that somebody opened at the registry; false when nobody looks any more. */
  async postTail(id: string, post: TailPost): Promise<boolean> {
    const body = JSON.stringify(post);
    const response = await this.call("POST", `/v1/tail/${id}`, { timeoutMs: STATUS_TIMEOUT_MS, body });
    const { statusCode } = response;
    if (statusCode < 300 || statusCode === 404) {
      await response.body.dump();
      return statusCode !== 404;
    }
    throw new SluiceError(
      PROXY_ERRORS.registryUnreachable,
      `The registry answered ${response.statusCode} to records of a tail: ${await failureText(response)}`,
    );
  }

  private async call(
    method: "GET" | "POST",
    path: string,
    { timeoutMs, body = null, signal }: { timeoutMs: number; body?: string | null; signal?: AbortSignal },
  ): Promise<Response> {
    const headers: Record<string, string> = { accept: "application/json, text/event-stream" };
    if (body !== null) headers["content-type"] = "application/json";
    const token = await this.token();
    if (token !== null) headers["authorization"] = `Bearer ${token}`;
    let response: Response;
    try {
      response = await request(`${this.options.address}${path}`, {
        method,
        headers,
        body,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        signal: signal ?? null,
      });
    } catch (cause) {
      throw new SluiceError(
        PROXY_ERRORS.registryUnreachable,
        `${this.options.address} does not answer: ${(cause as Error).message}`,
        { cause },
      );
    }
    if (response.statusCode !== 401 && response.statusCode !== 403) return response;
    throw new SluiceError(
      PROXY_ERRORS.noToken,
      `The registry at ${this.options.address} refused this proxy's token: ${await failureText(response)}`,
    );
  }

  private async token(): Promise<string | null> {
    const { tokenFile } = this.options;
    if (tokenFile === null) return null;
    try {
      return (await readFile(tokenFile, "utf8")).trim();
    } catch (cause) {
      throw new SluiceError(PROXY_ERRORS.noToken, `The token file ${tokenFile} cannot be read.`, { cause });
    }
  }
}

type Response = Awaited<ReturnType<typeof request>>;

async function readBounded(body: AsyncIterable<Uint8Array>, digest: Digest): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > BLOB_BYTES_MAX)
      throw new SluiceError(PROXY_ERRORS.versionNotFetched, `Blob ${digest} has more than ${BLOB_BYTES_MAX} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const FAILURE_CHARS_MAX = 300;

async function failureText(response: Response): Promise<string> {
  const text = await response.body.text();
  try {
    const { code, message } = JSON.parse(text) as { code?: unknown; message?: unknown };
    return `${String(code)} ${String(message)}`.slice(0, FAILURE_CHARS_MAX);
  } catch {
    return JSON.stringify(text.slice(0, FAILURE_CHARS_MAX));
  }
}
