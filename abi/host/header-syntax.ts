// HOT: bench abi.
// What a guest may write into a header map. A name or value with CR, LF or NUL would split a message at the next hop, so
// the host refuses it here, where the filter can still be told, and not in the codec.

import { PSEUDO, type Head } from "../head/head.ts";

const TOKEN = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  TOKEN[char.charCodeAt(0)] = 1;
}

const COLON = 0x3a;
const SPACE = 0x20;
const DELETE = 0x7f;
const HOST = Buffer.from("host", "latin1");
/** The name under which requests carry their host; filters may say `host`. */
export const AUTHORITY = Buffer.from(":authority", "latin1");

type PseudoName = keyof typeof PSEUDO;
const PSEUDO_OF_MAP: readonly (readonly PseudoName[])[] = [
  ["method", "path", "authority", "scheme"],
  [],
  ["status"],
  [],
];

export function isToken(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (TOKEN[bytes[i]!] === 0) return false;
  return bytes.length > 0;
}

/** A field's value: any bytes but CR, LF and NUL. */
export function isValue(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === 0x0d || byte === 0x0a || byte === 0) return false;
  }
  return true;
}

export function isPseudo(name: Uint8Array): boolean {
  return name.length > 0 && name[0] === COLON;
}

/** `host` of a request means `:authority`; every other name means itself. */
export function canonicalName(name: Uint8Array, mapType: number): Uint8Array {
  return mapType === 0 && isHost(name, 0, name.length) ? AUTHORITY : name;
}

/** Is it `host`, in whatever case? For reads, which hold the name in guest memory. */
export function isHost(bytes: Uint8Array, at: number, length: number): boolean {
  if (length !== HOST.length) return false;
  for (let i = 0; i < HOST.length; i++) if ((bytes[at + i]! | 0x20) !== HOST[i]) return false;
  return true;
}

/** May this name and value stand in that map? `name` is canonical. */
export function mayWrite(mapType: number, name: Uint8Array, value: Uint8Array): boolean {
  if (!isPseudo(name)) return isToken(name) && isValue(value);
  const pseudo = pseudoOf(mapType, name);
  return pseudo !== null && isPseudoValue(pseudo, value);
}

/** May this name be asked for or removed? */
export function isName(mapType: number, name: Uint8Array): boolean {
  return isPseudo(name) ? pseudoOf(mapType, name) !== null : isToken(name);
}

function pseudoOf(mapType: number, name: Uint8Array): PseudoName | null {
  const text = Buffer.from(name.buffer, name.byteOffset + 1, name.length - 1).toString("latin1");
  return PSEUDO_OF_MAP[mapType]!.find((pseudo) => pseudo === text.toLowerCase()) ?? null;
}

/** Start-line parts are one word each: a space in `:path` would end the target and begin the protocol. */
function isPseudoValue(pseudo: PseudoName, value: Uint8Array): boolean {
  if (pseudo === "method" || pseudo === "scheme") return isToken(value);
  if (pseudo === "status") return isStatus(value);
  for (let i = 0; i < value.length; i++) if (value[i]! <= SPACE || value[i] === DELETE) return false;
  return value.length > 0;
}

function isStatus(value: Uint8Array): boolean {
  if (value.length !== 3) return false;
  const status = Number(Buffer.from(value.buffer, value.byteOffset, 3).toString("latin1"));
  return Number.isInteger(status) && status >= 200 && status <= 599;
}

/** Appends a field; a pseudo header, which must stand first, is moved to the front. */
export function appendField(head: Head, name: Uint8Array, value: Uint8Array): void {
  head.append(name, value);
  if (isPseudo(name)) moveLastToFront(head);
}

function moveLastToFront(head: Head): void {
  const last = (head.count - 1) * 4;
  const entry = head.table.slice(last, last + 4);
  head.table.copyWithin(4, 0, last);
  head.table.set(entry, 0);
}
