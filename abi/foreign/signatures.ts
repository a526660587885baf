// `verify_signature` and `sign`: RSA (PKCS#1 v1.5) and elliptic keys, with the messages and hash names that Envoy has. A key
// that cannot be read is BadArgument; an operation that fails says so in its result.

import { createPrivateKey, createPublicKey, sign as signText, verify, type KeyObject } from "node:crypto";
import { Status } from "../spec/enums.ts";
import type { ForeignCall, ForeignFunction } from "./foreign-function.ts";
import { ELLIPTIC_FUEL, KEY_BYTES_MAX, KEY_FUEL, RSA_BITS, RSA_PRIVATE_FUEL, RSA_PUBLIC_FUEL } from "./limits.ts";
import { Fields, message } from "./protobuf.ts";

const HASHES: readonly string[] = ["sha1", "sha224", "sha256", "sha384", "sha512"];
/** Exponents up to this one are those that RSA_PUBLIC_FUEL means. */
const SMALL_EXPONENT = 65_537n;

export const verifySignature: ForeignFunction = (call) => {
  const fields = Fields.read(call.args);
  const key = fields === null ? null : readKey(call, fields.bytes(2), fields.text(5), publicKey);
  if (fields === null || key === null) return Status.BadArgument;
  const hash = fields.text(1).toLowerCase();
  const problem = unusable(hash, key);
  if (problem !== null) return message({ 1: false, 2: problem });
  call.spend(fuelOf(key, false));
  const isGood = attempt(() => verify(hash, fields.bytes(4), key, fields.bytes(3))) === true;
  return message({ 1: isGood, 2: isGood ? "" : "Failed to verify digest" });
};

export const sign: ForeignFunction = (call) => {
  const fields = Fields.read(call.args);
  const key = fields === null ? null : readKey(call, fields.bytes(2), fields.text(4), privateKey);
  if (fields === null || key === null) return Status.BadArgument;
  const hash = fields.text(1).toLowerCase();
  const problem = unusable(hash, key);
  if (problem !== null) return message({ 1: false, 3: problem });
  call.spend(fuelOf(key, true));
  const signature = attempt(() => signText(hash, fields.bytes(3), key));
  return signature === null ? message({ 1: false, 3: "Failed to sign" }) : message({ 1: true, 2: signature });
};

function publicKey(der: Uint8Array, pem: string): KeyObject {
  return pem === ""
    ? createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" })
    : createPublicKey({ key: pem, format: "pem" });
}

function privateKey(der: Uint8Array, pem: string): KeyObject {
  return pem === ""
    ? createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" })
    : createPrivateKey({ key: pem, format: "pem" });
}

/** One of both forms, not two. */
function readKey(
  call: ForeignCall,
  der: Uint8Array,
  pem: string,
  read: (der: Uint8Array, pem: string) => KeyObject,
): KeyObject | null {
  const length = der.length + pem.length;
  if (der.length > 0 === (pem !== "") || length > KEY_BYTES_MAX) return null;
  call.spend(KEY_FUEL);
  return attempt(() => read(der, pem));
}

function unusable(hash: string, key: KeyObject): string | null {
  if (!HASHES.includes(hash)) return `${hash} is not supported.`;
  return key.asymmetricKeyType === "rsa" || key.asymmetricKeyType === "ec"
    ? null
    : "This kind of key is not supported.";
}

function fuelOf(key: KeyObject, isPrivate: boolean): number {
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (modulusLength === undefined) return ELLIPTIC_FUEL;
  const size = modulusLength / RSA_BITS;
  const isQuick = !isPrivate && (publicExponent ?? 0n) <= SMALL_EXPONENT;
  return Math.ceil(isQuick ? RSA_PUBLIC_FUEL * size ** 2 : RSA_PRIVATE_FUEL * size ** 3);
}

/** OpenSSL throws for whatever it cannot do with what a filter gave it. */
function attempt<T>(run: () => T): T | null {
  try {
    return run();
  } catch {
    return null;
  }
}
