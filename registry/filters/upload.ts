// What an author sends: a module alone, or a multipart form with its document, source map and sample requests. Read here
// into one shape, within bounds; nothing is looked into yet.

import type { Multipart, MultipartFile } from "@fastify/multipart";
import { SluiceError } from "@sluice/abi";
import type { FastifyRequest } from "fastify";
import { REGISTRY_ERRORS } from "../errors.ts";
import { MODULE_BYTES_MAX, UPLOAD_BYTES_MAX, UPLOAD_REQUEST_FILES_MAX } from "../limits.ts";
import type { NamedText } from "../store/oci.ts";

export interface Upload {
  readonly module: Uint8Array;
  /** The text of filter.yaml; null when the module came without one. */
  readonly filter: string | null;
  readonly sourceMap: Uint8Array | null;
  readonly requests: readonly NamedText[];
}

/** Reads the body of a push. Throws SLUICE-E3022, E3040, E3041, E3042 or E3043. */
export async function readUpload(request: FastifyRequest): Promise<Upload> {
  const upload = request.isMultipart() ? await readForm(request) : moduleAlone(request.body);
  refuseWhatIsNoModule(upload.module);
  return upload;
}

/** Busboy's own bounds: they stop a part while it arrives. */
export const MULTIPART_LIMITS = {
  fileSize: MODULE_BYTES_MAX,
  files: UPLOAD_REQUEST_FILES_MAX + 3,
  fields: 0,
  parts: UPLOAD_REQUEST_FILES_MAX + 3,
  headerPairs: 32,
  fieldNameSize: 100,
} as const;

function moduleAlone(body: unknown): Upload {
  return { module: Buffer.isBuffer(body) ? body : Buffer.alloc(0), filter: null, sourceMap: null, requests: [] };
}

async function readForm(request: FastifyRequest): Promise<Upload> {
  const form = new Form();
  try {
    // Blobs from programs come without a file name; every part is read the same way.
    for await (const part of request.parts({ isPartAFile: () => true })) await form.take(part);
  } catch (error) {
    throw asUploadError(error as Error & { code?: string });
  }
  return form.upload();
}

class Form {
  #bytes = 0;
  readonly #single = new Map<string, Buffer>();
  readonly #requests: NamedText[] = [];

  async take(part: Multipart): Promise<void> {
    const { fieldname, filename } = part as MultipartFile;
    const content = await (part as MultipartFile).toBuffer();
    this.#bytes += content.byteLength;
    if (this.#bytes > UPLOAD_BYTES_MAX) throw tooLarge(`the upload has more than ${UPLOAD_BYTES_MAX} bytes`);
    if (fieldname === "requests")
      this.#requests.push({ name: fileTitle(filename, this.#requests.length), text: utf8(content, fieldname) });
    else this.#takeSingle(fieldname, content);
  }

  upload(): Upload {
    const module = this.#single.get("module");
    if (module === undefined) throw wrongParts("the upload has no part `module`");
    const filter = this.#single.get("filter");
    return {
      module,
      filter: filter === undefined ? null : utf8(filter, "filter"),
      sourceMap: this.#single.get("sourceMap") ?? null,
      requests: this.#requests,
    };
  }

  #takeSingle(name: string, content: Buffer): void {
    if (!SINGLE_PARTS.includes(name)) throw wrongParts(`the upload has an unknown part ${JSON.stringify(name)}`);
    if (this.#single.has(name)) throw wrongParts(`the upload has the part ${name} twice`);
    this.#single.set(name, content);
  }
}

const SINGLE_PARTS = ["module", "filter", "sourceMap"];

/** A title for people, never a path: the last step of what the sender called the file. */
function fileTitle(filename: string | undefined, index: number): string {
  const last = (filename ?? "")
    .split(/[\\/]/)
    .at(-1)!
    .replaceAll(/[^\w.-]/g, "_")
    .slice(0, 100);
  return last === "" || /^\.+$/.test(last) ? `requests-${index + 1}.yaml` : last;
}

function utf8(bytes: Uint8Array, part: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new SluiceError(REGISTRY_ERRORS.uploadParts, `the part ${part} is not UTF-8 text`, { cause: error });
  }
}

/** Empty and text files are the two everyday slips; anything else is for the inspection to judge. */
function refuseWhatIsNoModule(module: Uint8Array): void {
  if (module.byteLength > MODULE_BYTES_MAX) throw tooLarge(`the module has more than ${MODULE_BYTES_MAX} bytes`);
  if (module.byteLength === 0) throw new SluiceError(REGISTRY_ERRORS.uploadEmpty, "the pushed module is empty");
  if (module.subarray(0, TEXT_SAMPLE_BYTES).every(isTextByte)) {
    throw new SluiceError(REGISTRY_ERRORS.uploadIsText, "the pushed module is a text file");
  }
}

const TEXT_SAMPLE_BYTES = 512;

/** Wasm begins with a zero byte, which no text has. */
function isTextByte(byte: number): boolean {
  return byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

function asUploadError(error: Error & { code?: string }): Error {
  if (error instanceof SluiceError) return error;
  if (error.code === "FST_REQ_FILE_TOO_LARGE")
    return tooLarge(`a part of the upload has more than ${MODULE_BYTES_MAX} bytes`);
  if (error.code?.endsWith("_LIMIT") === true) return wrongParts(`the upload has too many parts: ${error.message}`);
  return new SluiceError(REGISTRY_ERRORS.uploadBroken, `the upload could not be read: ${error.message}`, {
    cause: error,
  });
}

function tooLarge(message: string): SluiceError {
  return new SluiceError(REGISTRY_ERRORS.bodyTooLarge, message);
}

function wrongParts(message: string): SluiceError {
  return new SluiceError(REGISTRY_ERRORS.uploadParts, message);
}
