// Calls to one HTTP API of ours, a registry's or an admin port's. Answers are a door: a refusal becomes a SluiceError with
// the API's own code, sentence and hint, silence one that says who did not answer.

import type { ReadableStream as WebStream } from "node:stream/web";
import { SluiceError } from "@sluice/abi";
import { EventStreamParser } from "@sluice/proxy/contract";
import type { ServerSentEvent } from "@sluice/proxy/contract";
import { BIN_ERRORS } from "./errors.ts";
import { eventCharsMax, registryTimeoutMs } from "./limits.ts";

export interface ApiAccess {
  /** `http://127.0.0.1:9902`, without a path. */
  readonly address: string;
  readonly token: string;
}

export interface ApiMessage {
  readonly body?: string | FormData;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal that the API itself gave: its code, sentence and hint, with the HTTP status beside them. */
export class ApiRefusal extends SluiceError {
  readonly status: number;

  constructor(refusal: { code: `SLUICE-E${number}`; message: string; hint: string }, status: number) {
    super({ code: refusal.code, meaning: "", hint: refusal.hint }, refusal.message);
    this.status = status;
  }
}

export class ApiCaller {
  readonly #access: ApiAccess;
  /** As it stands in a sentence: `The registry`. */
  readonly #name: string;
  readonly #hint: string | undefined;

  /** `hint`: what to do when it does not answer, in place of the usual one. */
  constructor(access: ApiAccess, name: string, hint?: string) {
    this.#access = access;
    this.#name = name;
    this.#hint = hint;
  }

  async json<T>(method: string, path: string, message: ApiMessage = {}): Promise<T> {
    const { status, text } = await this.#send(method, path, message);
    const value = parseJson(text, `${method} ${this.#access.address}${path}`, status);
    if (status < 200 || status > 299) throw refusalOf(value, status, `${method} ${path}`);
    return value as T;
  }

  /** The body of a long answer. A stream that breaks off ends with an error. */
  async stream(path: string, signal?: AbortSignal): Promise<WebStream<Uint8Array>> {
    const response = await this.#fetch("GET", path, {}, signal ?? null);
    if (response.status === 200 && response.body !== null) return response.body as WebStream<Uint8Array>;
    const text = await response.text();
    throw refusalOf(parseJson(text, `GET ${path}`, response.status), response.status, `GET ${path}`);
  }

  /** Server-sent events as they come; ends when the other side ends the stream, throws when it breaks off. */
  async *events(path: string, signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
    const body = await this.stream(path, signal);
    const parser = new EventStreamParser(eventCharsMax);
    const decoder = new TextDecoder();
    try {
      for await (const chunk of body) yield* parser.push(decoder.decode(chunk, { stream: true }));
    } catch (cause) {
      if (!signal.aborted) throw this.#unreachable(cause);
    }
  }

  /** The whole answer: a connection that breaks within the body is no answer either. */
  async #send(method: string, path: string, message: ApiMessage): Promise<{ status: number; text: string }> {
    const response = await this.#fetch(method, path, message, AbortSignal.timeout(registryTimeoutMs));
    try {
      return { status: response.status, text: await response.text() };
    } catch (cause) {
      throw this.#unreachable(cause);
    }
  }

  /** `signal` ends the whole answer; null for one whose length is nobody's to bound. */
  async #fetch(method: string, path: string, message: ApiMessage, signal: AbortSignal | null): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.#access.token}`, ...message.headers };
    if (typeof message.body === "string") headers["content-type"] = "application/json";
    try {
      return await fetch(new URL(path, this.#access.address), {
        method,
        headers,
        ...(message.body === undefined ? {} : { body: message.body }),
        signal,
      });
    } catch (cause) {
      throw this.#unreachable(cause);
    }
  }

  #unreachable(cause: unknown): SluiceError {
    const message = `${this.#name} at ${this.#access.address} did not answer: ${reasonOf(cause)}.`;
    const hint = this.#hint === undefined ? {} : { hint: this.#hint };
    return new SluiceError(BIN_ERRORS.unreachable, message, { cause, ...hint });
  }
}

function parseJson(text: string, what: string, status: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SluiceError(BIN_ERRORS.badAnswer, `${what} answered ${status} without JSON: "${text.slice(0, 80)}".`, {
      cause,
    });
  }
}

function refusalOf(value: unknown, status: number, what: string): SluiceError {
  if (isRefusal(value)) return new ApiRefusal(value, status);
  return new SluiceError(BIN_ERRORS.badAnswer, `${what} was answered with ${status} and no code.`);
}

function isRefusal(value: unknown): value is { code: `SLUICE-E${number}`; message: string; hint: string } {
  if (typeof value !== "object" || value === null) return false;
  return ["code", "message", "hint"].every((key) => typeof (value as Record<string, unknown>)[key] === "string");
}

function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  if (inner instanceof AggregateError) return inner.errors.map(reasonOf).join(", ");
  return inner instanceof Error ? inner.message || inner.name : String(inner);
}
