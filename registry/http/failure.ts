// How a failure becomes an answer: `{code, message, hint}` and a status, mapped here and nowhere else.

import { SluiceError } from "@sluice/abi";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { REGISTRY_ERRORS } from "../errors.ts";
import type { RegistryErrorRow } from "../errors.ts";

export interface FailureBody {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** What was found when a refused version was tried. */
  readonly proof?: unknown;
}

/** A refusal that carries the proof of a version that was not taken. */
export class RefusedVersion extends SluiceError {
  readonly proof: unknown;

  constructor(refusal: { code: string; message: string; hint: string }, proof: unknown) {
    super({ code: refusal.code as `SLUICE-E${number}`, meaning: refusal.message, hint: refusal.hint }, refusal.message);
    this.proof = proof;
  }
}

export function answerFailure(error: FastifyError | SluiceError, request: FastifyRequest, reply: FastifyReply): void {
  const { status, body } = failureOf(error);
  if (status >= 500) request.log.error({ err: error }, body.message);
  else request.log.info({ code: body.code, refused: body.message }, "refused a call");
  // Fastify closes the connection after a body that is too large; a client still sending would then see a reset instead of
  // the reason. Without the header Node reads the rest away, bounded by the request's timeout.
  if (status === 413) reply.removeHeader("connection");
  if (status === 401) reply.header("www-authenticate", "Bearer");
  reply.code(status).send(body);
}

export function failureOf(error: FastifyError | SluiceError): { status: number; body: FailureBody } {
  if (error instanceof RefusedVersion) return { status: 422, body: { ...error.toJSON(), proof: error.proof } };
  if (error instanceof SluiceError) return { status: statusOf(error.code), body: error.toJSON() };
  const row = isDiskFull(error) ? REGISTRY_ERRORS.storageFull : rowOfFastify(error);
  // What failed in here is for the log: its words may name files of this machine.
  const message = row.status! >= 500 ? row.meaning : error.message;
  return { status: row.status!, body: { ...shape(row), message } };
}

/** A refusal by the abi or the contract is about a document or module the caller sent. */
function statusOf(code: string): number {
  const row = ROWS.find((candidate) => candidate.code === code);
  return row === undefined ? 422 : (row.status ?? 500);
}

const ROWS: readonly RegistryErrorRow[] = Object.values(REGISTRY_ERRORS);

function shape(row: RegistryErrorRow): { code: string; hint: string } {
  return { code: row.code, hint: row.hint };
}

/** A blob's write says so by the system's code, the database by SQLite's. */
function isDiskFull(error: { readonly code?: string; readonly errcode?: number }): boolean {
  return error.code === "ENOSPC" || error.code === "EDQUOT" || error.errcode === SQLITE_FULL;
}

const SQLITE_FULL = 13;

/** Fastify's own refusals of a request come as errors with a 4xx status; anything else is our fault. */
function rowOfFastify(error: FastifyError): RegistryErrorRow {
  const status = error.statusCode ?? 500;
  if (status === 413) return REGISTRY_ERRORS.bodyTooLarge;
  if (status === 415 || status === 406) return REGISTRY_ERRORS.mediaTypeUnknown;
  return status >= 400 && status < 500 ? REGISTRY_ERRORS.requestInvalid : REGISTRY_ERRORS.internal;
}
