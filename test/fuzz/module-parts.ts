// A module taken apart and put together again, so that a change of length leaves the sizes right. Written apart from the
// host's own reader: a mistake in both would hide itself.

export interface Section {
  readonly id: number;
  bytes: Uint8Array;
}

export interface ModuleParts {
  readonly sections: Section[];
  /** Entries of the code section, sizes left out; null when it could not be read. */
  readonly bodies: Uint8Array[] | null;
}

const CODE = 10;
const PREAMBLE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

export function takeApart(module: Uint8Array): ModuleParts {
  const sections: Section[] = [];
  const at = { value: 8 };
  while (at.value < module.length) {
    const id = module[at.value++]!;
    const size = unsigned(module, at);
    sections.push({ id, bytes: module.slice(at.value, at.value + size) });
    at.value += size;
  }
  const code = sections.find((section) => section.id === CODE);
  return { sections, bodies: code === undefined ? null : bodiesOf(code.bytes) };
}

export function putTogether({ sections, bodies }: ModuleParts): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.from(PREAMBLE)];
  for (const { id, bytes } of sections) {
    const content = id === CODE && bodies !== null ? codeOf(bodies) : bytes;
    parts.push(Uint8Array.of(id), leb(content.length), content);
  }
  return Buffer.concat(parts);
}

function bodiesOf(code: Uint8Array): Uint8Array[] {
  const at = { value: 0 };
  return Array.from({ length: unsigned(code, at) }, () => {
    const size = unsigned(code, at);
    at.value += size;
    return code.slice(at.value - size, at.value);
  });
}

function codeOf(bodies: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([leb(bodies.length), ...bodies.flatMap((body) => [leb(body.length), body])]);
}

/** Unsigned LEB128. */
export function leb(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

interface Place {
  value: number;
}

function unsigned(bytes: Uint8Array, at: Place): number {
  let value = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = bytes[at.value++] ?? 0;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
  }
}

/** Where each instruction of a body begins, from behind its locals on. Stops where it no longer understands. */
export function instructionsOf(body: Uint8Array): number[] {
  const at = { value: 0 };
  for (let groups = unsigned(body, at); groups > 0; groups--) {
    unsigned(body, at);
    at.value++;
  }
  const starts: number[] = [];
  while (at.value < body.length) {
    starts.push(at.value);
    skipInstruction(body, at);
  }
  return starts;
}

function skipInstruction(body: Uint8Array, at: Place): void {
  const opcode = body[at.value++]!;
  if (opcode === 0xfc || opcode === 0xfd) skipPrefixed(body, at, opcode);
  else if (opcode === 0x0e) for (let targets = unsigned(body, at); targets >= 0; targets--) unsigned(body, at);
  else if (opcode === 0x1c) at.value += unsigned(body, at);
  else if (opcode === 0x43) at.value += 4;
  else if (opcode === 0x44) at.value += 8;
  else for (let numbers = numbersBehind(opcode); numbers > 0; numbers--) unsigned(body, at);
}

/** How many LEB128 numbers follow an opcode. */
function numbersBehind(opcode: number): number {
  if (opcode === 0x11 || (opcode >= 0x28 && opcode <= 0x3e)) return 2;
  const one = [0x02, 0x03, 0x04, 0x0c, 0x0d, 0x10, 0x3f, 0x40, 0x41, 0x42, 0xd0, 0xd2];
  return one.includes(opcode) || (opcode >= 0x20 && opcode <= 0x26) ? 1 : 0;
}

function skipPrefixed(body: Uint8Array, at: Place, prefix: number): void {
  const code = unsigned(body, at);
  if (prefix === 0xfc) {
    const numbers = code < 8 ? 0 : [8, 10, 12, 14].includes(code) ? 2 : 1;
    for (let i = 0; i < numbers; i++) unsigned(body, at);
    return;
  }
  const touchesMemory = code <= 11 || (code >= 84 && code <= 93);
  if (touchesMemory) for (let i = 0; i < 2; i++) unsigned(body, at);
  if (code === 12 || code === 13) at.value += 16;
  if ((code >= 21 && code <= 34) || (code >= 84 && code <= 91)) at.value++;
}
