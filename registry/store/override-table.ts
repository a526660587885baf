// Rows of what operators did to single proxies with `sluice override`: reported by the proxies, after the fact when the
// registry was away, and part of the history of the deployment that was in charge.

import type { DatabaseSync } from "node:sqlite";
import type { OverrideEvent } from "@sluice/proxy/contract";
import { OVERRIDE_EVENTS_KEPT_MAX } from "../limits.ts";
import { transact } from "./database.ts";

/** An override's event and the proxy it happened on. */
export type StoredOverrideEvent = OverrideEvent & { readonly proxy: string };

export class OverrideTable {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Stores those that are new, and answers them: a proxy reports again what was not acknowledged in time. */
  add(proxy: string, events: readonly OverrideEvent[]): StoredOverrideEvent[] {
    if (events.length === 0) return [];
    return transact(this.#database, () => {
      const added = events.map((event) => ({ ...event, proxy })).filter((event) => this.#insert(event));
      this.#database
        .prepare("DELETE FROM override_events WHERE place <= (SELECT max(place) FROM override_events) - ?")
        .run(OVERRIDE_EVENTS_KEPT_MAX);
      return added;
    });
  }

  /** Newest first, of those that happened under numbers of `name` from `from` on and below `before`. */
  list(name: string, from: number, before: number, limit: number): StoredOverrideEvent[] {
    return this.#database
      .prepare(
        `SELECT event FROM override_events WHERE deployment = ? AND number >= ? AND number < ?
         ORDER BY happened_at DESC, place DESC LIMIT ?`,
      )
      .all(name, from, before, limit)
      .map((row) => JSON.parse(row["event"] as string) as StoredOverrideEvent);
  }

  #insert(event: StoredOverrideEvent): boolean {
    const { id, when, deployment } = event;
    const { changes } = this.#database
      .prepare(
        `INSERT OR IGNORE INTO override_events (id, deployment, number, happened_at, event) VALUES (?, ?, ?, ?, ?)`,
      )
      .run(id, deployment.name, deployment.number, when, JSON.stringify(event));
    return changes === 1;
  }
}
