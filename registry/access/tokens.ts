// The registry's tokens: tokens.json holds names, roles and SHA-256 hashes, never a token itself. The first start makes
// one for the admin and one for the proxies beside it, mode 0600. The file is reread when it changes.

import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { SluiceError, readDocument } from "@sluice/abi";
import type { Logger } from "pino";
import { Type } from "typebox";
import type { Static } from "typebox";
import { REGISTRY_ERRORS } from "../errors.ts";
import { TOKENS_FILE_BYTES_MAX } from "../limits.ts";
import { writeFileDurably } from "../store/durable-file.ts";
import { ROLES } from "./roles.ts";
import type { Role } from "./roles.ts";

/** Who a call comes from: the token's name and what it may do. */
export interface Caller {
  readonly name: string;
  readonly role: Role;
}

/** Writes tokens.json, admin.token and proxy.token unless tokens.json is there already. Throws SLUICE-E3013. */
export async function ensureTokens(stateDir: string): Promise<void> {
  try {
    await makeMissingTokens(stateDir);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new SluiceError(REGISTRY_ERRORS.storeUnusable, `cannot use the state folder ${stateDir}: ${why}`, { cause });
  }
}

async function makeMissingTokens(stateDir: string): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  if (existsSync(tokensFile(stateDir))) return;
  const admin = newToken();
  const proxy = newToken();
  // The hashes go last: a kill before that leaves a start that makes all three anew, never a hash nobody has a token for.
  await writeFileDurably(join(stateDir, "admin.token"), `${admin}\n`, 0o600);
  await writeFileDurably(join(stateDir, "proxy.token"), `${proxy}\n`, 0o600);
  const document: TokensDocument = {
    apiVersion: "sluice/v1",
    kind: "Tokens",
    tokens: [
      { name: "admin", role: "admin", sha256: hashOf(admin) },
      { name: "proxy", role: "proxy", sha256: hashOf(proxy) },
    ],
  };
  await writeFileDurably(tokensFile(stateDir), `${JSON.stringify(document, null, 2)}\n`, 0o600);
}

/** Finds the caller behind a token; follows changes of tokens.json without a restart. */
export class TokenBook {
  readonly #file: string;
  readonly #log: Logger;
  #callersByHash: ReadonlyMap<string, Caller>;
  #stamp: string;

  /** Throws SLUICE-E3007 when tokens.json cannot be read or is wrong. */
  constructor(stateDir: string, log: Logger) {
    this.#file = tokensFile(stateDir);
    this.#log = log;
    this.#stamp = stampOf(this.#file);
    this.#callersByHash = readTokens(this.#file);
  }

  callerOf(token: string): Caller | null {
    this.#rereadWhenChanged();
    // A map lookup by hash leaks nothing worth timing: the caller cannot steer a SHA-256 of 256 random bits.
    return this.#callersByHash.get(hashOf(token)) ?? null;
  }

  /** Whether that caller's token is still in the file with the same role; ends sessions and streams of revoked ones. */
  knows(caller: Caller): boolean {
    this.#rereadWhenChanged();
    return [...this.#callersByHash.values()].some(({ name, role }) => name === caller.name && role === caller.role);
  }

  /** A stat costs two microseconds; file watchers miss renames on some file systems, and a missed revocation is a hole. */
  #rereadWhenChanged(): void {
    const stamp = stampOf(this.#file);
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    try {
      this.#callersByHash = readTokens(this.#file);
      this.#log.info({ tokens: this.#callersByHash.size }, "tokens.json has changed and was read again");
    } catch (error) {
      this.#log.error({ err: error }, "tokens.json has changed and cannot be read: the tokens before it stay valid");
    }
  }
}

const TokensSchema = Type.Object(
  {
    apiVersion: Type.Literal("sluice/v1"),
    kind: Type.Literal("Tokens"),
    tokens: Type.Array(
      Type.Object(
        {
          name: Type.String({
            pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
            description: "a name of a-z, 0-9 and -",
          }),
          role: Type.Enum([...ROLES]),
          sha256: Type.String({ pattern: "^[0-9a-f]{64}$", description: "64 hexadecimal digits" }),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
type TokensDocument = Static<typeof TokensSchema>;

function tokensFile(stateDir: string): string {
  return join(stateDir, "tokens.json");
}

/** The prefix lets secret scanners recognise a leaked token. */
function newToken(): string {
  return `sluice_${randomBytes(32).toString("base64url")}`;
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? "absent" : `${stat.ino}:${stat.size}:${stat.mtimeMs}`;
}

function readTokens(file: string): ReadonlyMap<string, Caller> {
  try {
    if (statSync(file).size > TOKENS_FILE_BYTES_MAX) throw new Error(`it has more than ${TOKENS_FILE_BYTES_MAX} bytes`);
    const document = readDocument(readFileSync(file, "utf8"), { file, schema: TokensSchema, syntax: "json", check });
    return new Map(document.tokens.map(({ name, role, sha256 }) => [sha256, { name, role }]));
  } catch (error) {
    throw new SluiceError(REGISTRY_ERRORS.tokensUnreadable, `cannot read ${file}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Two tokens of one name would make "who" in the history ambiguous. */
function check(document: TokensDocument, complain: (path: (string | number)[], what: string) => void): void {
  const seen = new Set<string>();
  document.tokens.forEach(({ name }, index) => {
    if (seen.has(name)) complain(["tokens", index, "name"], `the name "${name}" is used twice`);
    seen.add(name);
  });
}
