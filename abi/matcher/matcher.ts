// Tables from strings to class numbers, prepared once and asked per request. Whatever table and value are, a question takes
// time in proportion to the value's length (times the table's logarithm), and makes nothing: a filter's table must not be
// able to hold a worker up, which is why nothing here is hashed.

import { MatcherKind } from "../spec/enums.ts";
import { CidrTable } from "./cidr-table.ts";
import { StringTable } from "./string-table.ts";

/** One string and its class. */
export interface TableEntry {
  readonly text: Uint8Array;
  /** 1 … 2³¹ − 1. */
  readonly class: number;
}

export interface Matcher {
  /** The class of bytes[start, start + length); 0 when no entry matches. */
  classOf(bytes: Uint8Array, start: number, length: number): number;
}

/** Or a sentence that says what is wrong with the entries. */
export function makeMatcher(kind: number, entries: readonly TableEntry[]): Matcher | string {
  return kind === MatcherKind.Cidr ? CidrTable.of(entries) : StringTable.of(kind, entries);
}
