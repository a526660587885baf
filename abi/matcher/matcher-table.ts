// The matchers of one plugin. Each of its instances configures itself and hands over the same tables: those are made once,
// and the same table has the same id in every instance.

import { createHash } from "node:crypto";
import { MATCHER_BYTES_MAX, MATCHERS_MAX } from "./limits.ts";
import { makeMatcher, type Matcher, type TableEntry } from "./matcher.ts";

export class MatcherTable {
  private readonly matchers: Matcher[] = [];
  private readonly ids = new Map<string, number>();
  private bytes = 0;

  /** An id from 1 on; a sentence that says why not; null when the plugin has as many as it may. `table`: the entries' bytes. */
  add(kind: number, table: Uint8Array, entries: readonly TableEntry[]): number | string | null {
    const key = `${kind}:${createHash("sha256").update(table).digest("base64")}`;
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    if (this.matchers.length >= MATCHERS_MAX || this.bytes + table.length > MATCHER_BYTES_MAX) return null;
    const matcher = makeMatcher(kind, entries);
    if (typeof matcher === "string") return matcher;
    this.bytes += table.length;
    const id = this.matchers.push(matcher);
    this.ids.set(key, id);
    return id;
  }

  get(id: number): Matcher | null {
    return this.matchers[(id >>> 0) - 1] ?? null;
  }
}
