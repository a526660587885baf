// Rows of proxies: who has ever connected, with which labels, and what it last reported. Kept over restarts, so that
// `status` and the check for meeting targets know proxies that are away.

import type { DatabaseSync } from "node:sqlite";
import type { ProxyStatus } from "@sluice/proxy/contract";
import { transact } from "./database.ts";

export interface StoredProxy {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly status: ProxyStatus | null;
  readonly lastSeen: string;
}

export class ProxyTable {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  all(): StoredProxy[] {
    return this.#database
      .prepare("SELECT * FROM proxies ORDER BY id")
      .all()
      .map((row) => ({
        id: row["id"] as string,
        labels: JSON.parse(row["labels"] as string) as Record<string, string>,
        status: row["status"] === null ? null : (JSON.parse(row["status"] as string) as ProxyStatus),
        lastSeen: row["last_seen"] as string,
      }));
  }

  save(proxy: StoredProxy): void {
    this.#database
      .prepare("INSERT OR REPLACE INTO proxies (id, labels, status, last_seen) VALUES (?, ?, ?, ?)")
      .run(
        proxy.id,
        JSON.stringify(proxy.labels),
        proxy.status === null ? null : JSON.stringify(proxy.status),
        proxy.lastSeen,
      );
  }

  saveAll(proxies: readonly StoredProxy[]): void {
    transact(this.#database, () => proxies.forEach((proxy) => this.save(proxy)));
  }

  remove(id: string): void {
    this.#database.prepare("DELETE FROM proxies WHERE id = ?").run(id);
  }
}
