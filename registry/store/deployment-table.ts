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
    const row = this.#database
      .prepare("SELECT coalesce(max(number), 0) AS n FROM deployments WHERE name = ?")
      .get(name);
    return (row as { n: number }).n;
  }

  current(name: string): StoredDeployment | null {
    const row = this.#database
      .prepare("SELECT document FROM deployments WHERE name = ? ORDER BY number DESC LIMIT 1")
      .get(name);
    return row === undefined ? null : documentOf(row);
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
        "SELECT document FROM deployments WHERE number IN (SELECT max(number) FROM deployments GROUP BY name) ORDER BY name",
      )
      .all()
      .map(documentOf);
    return this.#allCurrent;
  }

  /** Newest first, numbers below `before`. */
  history(name: string, before: number, limit: number): StoredDeployment[] {
    return this.#database
      .prepare("SELECT document FROM deployments WHERE name = ? AND number < ? ORDER BY number DESC LIMIT ?")
      .all(name, before, limit)
      .map(documentOf);
  }
}

function documentOf(row: Record<string, unknown>): StoredDeployment {
  return JSON.parse(row["document"] as string) as StoredDeployment;
}
