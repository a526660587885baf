// Rows of deployments: every number ever written, whole and unchanged. The newest number of a name is the one in charge.

import type { DatabaseSync } from "node:sqlite";
import type { Deployment } from "@sluice/proxy/contract";
import { transact } from "./database.ts";

/** A deployment the registry has numbered and signed. */
export type StoredDeployment = Deployment & { readonly number: number; readonly who: string; readonly when: string };

export class DeploymentTable {
  readonly #database: DatabaseSync;
  /** Read for every status a proxy sends, so parsed once per write. */
  #allCurrent: readonly StoredDeployment[] | null = null;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Stores what `documentOf` makes of the next number, if `expected` is still the name's number; else null. */
  append(name: string, expected: number, documentOf: (number: number) => StoredDeployment): StoredDeployment | null {
    this.#allCurrent = null;
    return transact(this.#database, () => {
      if (this.numberOf(name) !== expected) return null;
      const document = documentOf(this.nextNumber());
      this.#database
        .prepare("INSERT INTO deployments (number, name, document) VALUES (?, ?, ?)")
        .run(document.number, name, JSON.stringify(document));
      return document;
    });
  }

  /** One sequence over all deployments, so that a number alone says which document is meant. */
  nextNumber(): number {
    return (this.#database.prepare("SELECT coalesce(max(number), 0) + 1 AS n FROM deployments").get() as { n: number })
      .n;
  }

  /** The number in charge under that name; 0 when there is none. */
  numberOf(name: string): number {
    return this.current(name)?.number ?? 0;
  }

  current(name: string): StoredDeployment | null {
    const row = this.#database
      .prepare(`SELECT document FROM deployments WHERE number = (${NEWEST_OF_NAME}) AND number NOT IN (${RETIRED})`)
      .get(name);
    return row === undefined ? null : documentOf(row);
  }

  /** Takes the name out of charge; its history stays, and a later write takes it up again with a new number. */
  retire(name: string, number: number, by: { readonly who: string; readonly when: string }): void {
    this.#allCurrent = null;
    this.#database
      .prepare("INSERT OR REPLACE INTO retired_deployments (name, number, who, at) VALUES (?, ?, ?, ?)")
      .run(name, number, by.who, by.when);
  }

  at(name: string, number: number): StoredDeployment | null {
    const row = this.#database
      .prepare("SELECT document FROM deployments WHERE name = ? AND number = ?")
      .get(name, number);
    return row === undefined ? null : documentOf(row);
  }

  /** The one in charge of every name, by name. */
  allCurrent(): readonly StoredDeployment[] {
    this.#allCurrent ??= this.#database
      .prepare(
        `SELECT document FROM deployments
         WHERE number IN (SELECT max(number) FROM deployments GROUP BY name) AND number NOT IN (${RETIRED}) ORDER BY name`,
      )
      .all()
      .map(documentOf);
    return this.#allCurrent;
  }

  /** The last `count` numbers of every name in charge, newest first. */
  recent(count: number): StoredDeployment[] {
    return this.allCurrent().flatMap(({ name }) => this.history(name, Number.MAX_SAFE_INTEGER, count));
  }

  /** Newest first, numbers below `before`. */
  history(name: string, before: number, limit: number): StoredDeployment[] {
    return this.#database
      .prepare("SELECT document FROM deployments WHERE name = ? AND number < ? ORDER BY number DESC LIMIT ?")
      .all(name, before, limit)
      .map(documentOf);
  }
}

const NEWEST_OF_NAME = "SELECT max(number) FROM deployments WHERE name = ?";
const RETIRED = "SELECT number FROM retired_deployments";

function documentOf(row: Record<string, unknown>): StoredDeployment {
  return JSON.parse(row["document"] as string) as StoredDeployment;
}
