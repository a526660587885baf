// Changes a module at random: most changes keep it valid, so that what runs is odd; some break it, so that what reads it is
// tried. The same seed and case give the same module.
import { instructionsOf, leb, putTogether, takeApart, type ModuleParts } from "./module-parts.ts";
import { Random } from "./random.ts";
import type { Seed } from "./seeds.ts";

/** Bytes of a mutant at the most. */
export const MUTANT_BYTES_MAX = 10 * 1024;

const CHANGES_MAX = 4;
const CUSTOM = 0;
/** Sections that describe what code does; custom ones only inform. */
const TABLE = 4;
const MEMORY = 5;
const GLOBAL = 6;
const EXPORT = 7;
const ELEMENT = 9;

export interface Mutant {
  /** Name of the seed. */
  readonly of: string;
  readonly module: Uint8Array;
  readonly config: Uint8Array;
}

/** The mutant of a case: a piece of one of the seeds, changed. */
export function mutantOf(seeds: readonly Seed[], seed: number, caseNumber: number): Mutant {
  const random = new Random(seed, caseNumber);
  const { name, module: from, config } = random.pick(seeds);
  const parts = takeApart(from);
  cutToSize(parts, random);
  for (let changes = 1 + random.below(CHANGES_MAX); changes > 0; changes--) change(parts, random, seeds);
  const whole = putTogether(parts);
  const module = random.oneIn(8) ? changeBytes(whole, random) : whole.subarray(0, MUTANT_BYTES_MAX);
  return { of: name, module, config };
}

/** Leaves out what only informs, then whole functions: `unreachable` is valid in place of any body. */
function cutToSize(parts: ModuleParts, random: Random): void {
  const { sections, bodies } = parts;
  for (let i = sections.length - 1; i >= 0; i--) if (sections[i]!.id === CUSTOM) sections.splice(i, 1);
  const data = sections.find(({ id }) => id === 11);
  if (data !== undefined && data.bytes.length > 2_048) {
    data.bytes = Uint8Array.of(0);
    const count = sections.find(({ id }) => id === 12);
    if (count !== undefined) count.bytes = Uint8Array.of(0);
  }
  if (bodies === null) return;
  const rest = sections.reduce((sum, { id, bytes }) => sum + (id === 10 ? 0 : bytes.length + 6), 8);
  let left = MUTANT_BYTES_MAX - rest - bodies.length * 6 - 256;
  const order = bodies.map((_, at) => at);
  // A run of neighbours: they call each other more than strangers do.
  const first = random.below(bodies.length || 1);
  for (const at of [...order.slice(first), ...order.slice(0, first)]) {
    if (bodies[at]!.length <= left) left -= bodies[at]!.length;
    else bodies[at] = Uint8Array.of(0, 0x00, 0x0b);
  }
}

type Change = (parts: ModuleParts, random: Random, seeds: readonly Seed[]) => void;

/** By weight: what keeps code valid comes most. */
const CHANGES: readonly Change[] = [
  ...Array.from({ length: 10 }, () => changeInstruction),
  ...Array.from({ length: 10 }, () => insertInstructions),
  ...Array.from({ length: 3 }, () => changeOperand),
  removeInstruction,
  swapBodies,
  changeLimits,
  changeExport,
  changeSectionByte,
  addSection,
  moveSection,
  spliceBody,
];

function change(parts: ModuleParts, random: Random, seeds: readonly Seed[]): void {
  random.pick(CHANGES)(parts, random, seeds);
}

/** Opcodes with the same operands and results, so that one may stand for another. */
const ALIKE: readonly (readonly number[])[] = [
  range(0x46, 0x4f),
  range(0x51, 0x5a),
  range(0x5b, 0x60),
  range(0x61, 0x66),
  [0x45, 0x67, 0x68, 0x69, 0xc0, 0xc1],
  range(0x6a, 0x78),
  [0x79, 0x7a, 0x7b, 0xc2, 0xc3, 0xc4],
  range(0x7c, 0x8a),
  range(0x8b, 0x91),
  range(0x92, 0x98),
  range(0x99, 0x9f),
  range(0xa0, 0xa6),
  [0x28, 0x2c, 0x2d, 0x2e, 0x2f],
  [0x29, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35],
  [0x36, 0x3a, 0x3b],
  [0x37, 0x3c, 0x3d, 0x3e],
  [0x02, 0x03],
  [0x0c, 0x0d],
  [0x0f, 0x00],
  [0x20, 0x23],
  [0x21, 0x22, 0x24],
];

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function changeInstruction(parts: ModuleParts, random: Random): void {
  atInstruction(parts, random, (body, at) => {
    const alike = ALIKE.find((group) => group.includes(body[at]!));
    if (alike !== undefined) body[at] = random.pick(alike);
    else if (body[at] === 0x41 && body[at + 1]! < 0x80) body[at + 1] = random.below(0x80);
    return body;
  });
}

/** The byte behind an opcode: a local, a function, a depth, an alignment, a constant. */
function changeOperand(parts: ModuleParts, random: Random): void {
  atInstruction(parts, random, (body, at) => {
    if (at + 1 < body.length - 1) body[at + 1] = (body[at + 1]! & 0x80) | random.below(random.pick([4, 16, 128]));
    return body;
  });
}

const BIG = [0xff, 0xff, 0xff, 0xff, 0x07];

/** Harm that leaves the stack as it was; V8 accepts each wherever an instruction may stand. */
const INSERTED: readonly (readonly number[])[] = [
  [0x01],
  [0x00],
  [0x41, 0x00, 0x1a],
  // An endless loop, and one around a growth.
  [0x03, 0x40, 0x0c, 0x00, 0x0b],
  [0x03, 0x40, 0x41, 0x01, 0x40, 0x00, 0x1a, 0x0c, 0x00, 0x0b],
  [0x41, 0x80, 0x02, 0x40, 0x00, 0x1a],
  [0x41, ...BIG, 0x40, 0x00, 0x1a],
  // Stores and loads at the ends of the address space.
  [0x41, 0x00, 0x41, 0x7f, 0x36, 0x02, 0x00],
  [0x41, 0x7f, 0x28, 0x02, 0x00, 0x1a],
  [0x41, 0x80, 0x80, 0x04, 0x28, 0x02, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x1a],
  // memory.fill and memory.copy, short, long and out of bounds.
  [0x41, 0x00, 0x41, 0x7f, 0x41, 0xc0, 0x00, 0xfc, 0x0b, 0x00],
  [0x41, 0x00, 0x41, 0x00, 0x41, 0x80, 0x80, 0x04, 0xfc, 0x0b, 0x00],
  [0x41, 0x00, 0x41, 0x00, 0x41, 0x7f, 0xfc, 0x0b, 0x00],
  [0x41, 0x10, 0x41, 0x00, 0x41, 0xc0, 0x00, 0xfc, 0x0a, 0x00, 0x00],
  [0x03, 0x40, 0x41, 0x00, 0x41, 0x00, 0x41, 0x80, 0x80, 0x04, 0xfc, 0x0b, 0x00, 0x0c, 0x00, 0x0b],
  // Blocks that end early, branch out, or hold what is never reached.
  [0x02, 0x40, 0x0c, 0x00, 0x00, 0x0b],
  [0x02, 0x40, 0x41, 0x01, 0x0d, 0x00, 0x0b],
  [0x02, 0x40, 0x41, 0x00, 0x0e, 0x01, 0x00, 0x00, 0x0b],
  [0x41, 0x01, 0x04, 0x40, 0x05, 0x00, 0x0b],
  // Divisions by zero, and what has no whole number.
  [0x41, 0x01, 0x41, 0x00, 0x6d, 0x1a],
  [0x43, 0x00, 0x00, 0xc0, 0x7f, 0xa8, 0x1a],
  // Globals, tables and segments, where there are any.
  [0x23, 0x00, 0x1a],
  [0xd0, 0x70, 0x41, 0x10, 0xfc, 0x0f, 0x00, 0x1a],
  [0x41, 0x00, 0xd0, 0x70, 0x26, 0x00],
  [0xfc, 0x09, 0x00],
  [0xfc, 0x0d, 0x00],
];

/** Of the first functions, imports among them; with zeros for parameters, and what they give dropped. */
const CALLS: readonly (readonly number[])[] = [
  ...range(0, 8).map((callee) => [0x10, callee]),
  ...range(0, 8).flatMap((callee) =>
    [1, 2, 3, 5].map((params) => [...Array.from({ length: params }, () => [0x41, 0x00]).flat(), 0x10, callee, 0x1a]),
  ),
];

/** Of features that are refused. */
const REFUSED: readonly (readonly number[])[] = [[0x12, 0x00], [0xfe, 0x03, 0x00], [0xd3], [0x06, 0x40, 0x0b]];

function insertInstructions(parts: ModuleParts, random: Random): void {
  atInstruction(parts, random, (body, at) => {
    const from = random.oneIn(5) ? CALLS : random.oneIn(20) ? REFUSED : INSERTED;
    return splice(body, at, 0, random.pick(from));
  });
}

function removeInstruction(parts: ModuleParts, random: Random): void {
  atInstruction(parts, random, (body, at, next) => splice(body, at, next - at, []));
}

function atInstruction(
  { bodies }: ModuleParts,
  random: Random,
  change: (body: Uint8Array, at: number, next: number) => Uint8Array,
): void {
  if (bodies === null || bodies.length === 0) return;
  const which = random.below(bodies.length);
  const body = bodies[which]!;
  const starts = instructionsOf(body);
  if (starts.length === 0) return;
  const place = random.below(starts.length);
  bodies[which] = change(body, starts[place]!, starts[place + 1] ?? body.length);
}

function splice(bytes: Uint8Array, at: number, removed: number, inserted: readonly number[]): Uint8Array {
  return Buffer.concat([bytes.subarray(0, at), Uint8Array.from(inserted), bytes.subarray(at + removed)]);
}

function swapBodies({ bodies }: ModuleParts, random: Random): void {
  if (bodies === null || bodies.length === 0) return;
  const [one, other] = [random.below(bodies.length), random.below(bodies.length)];
  [bodies[one], bodies[other]] = [bodies[other]!, bodies[one]!];
}

function changeLimits({ sections }: ModuleParts, random: Random): void {
  const memory = sections.find(({ id }) => id === MEMORY);
  if (memory === undefined) return;
  const pages = random.pick([0, 1, 2, 15, 16, 17, 255, 65_536]);
  const flags = random.pick([0, 0, 1, 1, 2, 3, 4, 8]);
  const limits = [flags, ...leb(pages), ...((flags & 1) === 1 ? leb(random.pick([0, 1, 16, 65_536])) : [])];
  memory.bytes = Uint8Array.from([random.oneIn(10) ? 2 : 1, ...limits, ...(random.oneIn(10) ? limits : [])]);
}

function changeExport({ sections }: ModuleParts, random: Random): void {
  const exported = sections.find(({ id }) => id === EXPORT);
  if (exported === undefined) return;
  const at = random.below(exported.bytes.length);
  exported.bytes[at] = random.oneIn(2) ? random.below(16) : random.below(256);
}

function changeSectionByte({ sections }: ModuleParts, random: Random): void {
  const section = sections.filter(({ id, bytes }) => id !== 10 && bytes.length > 0);
  if (section.length === 0) return;
  const { bytes } = random.pick(section);
  bytes[random.below(bytes.length)] = random.oneIn(2) ? random.below(256) : random.below(8);
}

const ADDED: readonly (readonly [id: number, bytes: readonly number[]])[] = [
  [TABLE, [1, 0x70, 0, 4]],
  [TABLE, [2, 0x70, 1, 0, 16, 0x6f, 0, 8]],
  [GLOBAL, [1, 0x7f, 1, 0x41, 0x00, 0x0b]],
  [GLOBAL, [1, 0x70, 1, 0xd0, 0x70, 0x0b]],
  [ELEMENT, [1, 0, 0x41, 0x00, 0x0b, 1, 0]],
  [8, [0]],
  [8, [5]],
  [12, [1]],
  [13, [1, 0, 0]],
  [CUSTOM, [4, 0x6e, 0x61, 0x6d, 0x65, 1, 3, 1, 0, 0]],
  [CUSTOM, [4, 0x6e, 0x61, 0x6d, 0x65, 1, 0xff, 0xff, 0x03]],
  [CUSTOM, [9, ...Buffer.from("producers"), 1, 8, ...Buffer.from("language"), 0xff, 0x7f]],
  [CUSTOM, [16, ...Buffer.from("sourceMappingURL"), 3, 0x61, 0x0a, 0x62]],
];

/** Where the section belongs by its id, or anywhere. */
function addSection({ sections }: ModuleParts, random: Random): void {
  const [id, bytes] = random.pick(ADDED);
  const behind = sections.findIndex((section) => section.id > id && section.id !== 12);
  const at = random.oneIn(4) || behind < 0 ? random.below(sections.length + 1) : behind;
  sections.splice(at, 0, { id, bytes: Uint8Array.from(bytes) });
}

function moveSection({ sections }: ModuleParts, random: Random): void {
  if (!random.oneIn(4) || sections.length === 0) return;
  const [section] = sections.splice(random.below(sections.length), 1);
  if (random.oneIn(2)) sections.splice(random.below(sections.length + 1), 0, section!);
}

/** A body of another seed in place of one: seldom valid, and then quite strange. */
function spliceBody({ bodies }: ModuleParts, random: Random, seeds: readonly Seed[]): void {
  const other = takeApart(random.pick(seeds).module).bodies;
  if (bodies === null || bodies.length === 0 || other === null || other.length === 0) return;
  const body = random.pick(other);
  if (body.length < 1_024) bodies[random.below(bodies.length)] = body;
}

/** Anything anywhere, sizes included. */
function changeBytes(module: Uint8Array, random: Random): Uint8Array {
  const bytes = module.slice(0, MUTANT_BYTES_MAX);
  for (let times = 1 + random.below(4); times > 0; times--) bytes[random.below(bytes.length)] = random.below(256);
  return random.oneIn(4) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}
