// Rows of filters, versions, tags and the blobs each version holds.

import type { DatabaseSync } from "node:sqlite";
import type { FilterDocument } from "@sluice/abi";
import type { Digest } from "@sluice/proxy/contract";
import { transact } from "./database.ts";
import { MEDIA_TYPE } from "./oci.ts";
import type { Descriptor } from "./oci.ts";

/** A version as it is stored; JSON columns are already parsed. */
export interface StoredVersion {
  readonly digest: Digest;
  readonly filter: string;
  readonly moduleDigest: Digest;
  readonly document: FilterDocument;
  readonly documentFrom: string;
  readonly proof: unknown;
  readonly size: number;
  readonly pushedAt: string;
  readonly pushedBy: string;
  readonly tags: readonly string[];
}

export interface NewVersion extends Omit<StoredVersion, "tags"> {
  /** Of the version's own image. */
  readonly blobs: readonly Descriptor[];
  /** Of what hangs on it, or null to keep what hung on it before. */
  readonly attachments: readonly Descriptor[] | null;
  readonly tag: string | null;
}

export interface FilterSummary {
  readonly name: string;
  readonly versions: number;
  readonly newest: Digest;
  readonly pushedAt: string;
  readonly tags: Readonly<Record<string, string>>;
}

export class VersionTable {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Stores the version and moves its tag in one transaction. False when the version was there already. */
  insert(version: NewVersion): boolean {
    return transact(this.#database, () => {
      const isNew = this.find(version.filter, version.digest) === null;
      if (isNew) this.#insertRow(version);
      else this.#renewRow(version);
      if (version.attachments !== null) this.#replaceBlobs(version, version.attachments);
      else if (isNew) this.#replaceBlobs(version, []);
      if (version.tag !== null) this.#moveTag(version.filter, version.tag, version.digest, version);
      return isNew;
    });
  }

  moveTag(filter: string, tag: string, digest: string, by: { pushedAt: string; pushedBy: string }): void {
    transact(this.#database, () => this.#moveTag(filter, tag, digest, by));
  }

  find(filter: string, digest: string): StoredVersion | null {
    const row = this.#database.prepare("SELECT * FROM versions WHERE filter = ? AND digest = ?").get(filter, digest);
    return row === undefined ? null : this.#versionOf(row);
  }

  findByTag(filter: string, tag: string): StoredVersion | null {
    const row = this.#database
      .prepare("SELECT versions.* FROM tags JOIN versions ON digest = version WHERE tags.filter = ? AND tag = ?")
      .get(filter, tag);
    return row === undefined ? null : this.#versionOf(row);
  }

  /** The version pushed last, which a module without a document of its own inherits from. */
  newest(filter: string): StoredVersion | null {
    const row = this.#database
      .prepare("SELECT * FROM versions WHERE filter = ? ORDER BY push_number DESC LIMIT 1")
      .get(filter);
    return row === undefined ? null : this.#versionOf(row);
  }

  /** Removes a version with its tags. What was still named of its blobs stays on disk until the next sweep. */
  remove(filter: string, digest: string): void {
    transact(this.#database, () => {
      this.#database.prepare("DELETE FROM tags WHERE version = ? AND filter = ?").run(digest, filter);
      this.#database.prepare("DELETE FROM version_blobs WHERE version = ?").run(digest);
      this.#database.prepare("DELETE FROM versions WHERE digest = ?").run(digest);
    });
  }

  /** False when there was no such tag. */
  removeTag(filter: string, tag: string): boolean {
    return this.#database.prepare("DELETE FROM tags WHERE filter = ? AND tag = ?").run(filter, tag).changes > 0;
  }

  /** Bytes of all blobs that rows name; those that versions share count once. */
  blobBytes(): number {
    const row = this.#database
      .prepare("SELECT coalesce(sum(size), 0) AS bytes FROM (SELECT DISTINCT digest, size FROM version_blobs)")
      .get();
    return (row as { bytes: number }).bytes;
  }

  /** Newest first. */
  list(filter: string): StoredVersion[] {
    const rows = this.#database
      .prepare("SELECT * FROM versions WHERE filter = ? ORDER BY push_number DESC")
      .all(filter);
    const tags = this.#tagsOf(filter);
    return rows.map((row) => this.#versionOf(row, tags));
  }

  filters(): FilterSummary[] {
    const rows = this.#database
      .prepare(
        `SELECT filter, count(*) AS versions, max(push_number), digest, pushed_at
         FROM versions GROUP BY filter ORDER BY filter`,
      )
      .all();
    return rows.map((row) => ({
      name: row["filter"] as string,
      versions: row["versions"] as number,
      newest: row["digest"] as Digest,
      pushedAt: row["pushed_at"] as string,
      tags: Object.fromEntries(this.#tagsOf(row["filter"] as string)),
    }));
  }

  /** The descriptor of a blob that some version holds. */
  blob(digest: string): Descriptor | null {
    const row = this.#database.prepare("SELECT * FROM version_blobs WHERE digest = ? LIMIT 1").get(digest);
    return row === undefined ? null : descriptorOf(row);
  }

  /** Digests of every blob some version holds. */
  blobDigests(): Set<string> {
    const rows = this.#database.prepare("SELECT DISTINCT digest FROM version_blobs").all();
    return new Set(rows.map((row) => row["digest"] as string));
  }

  /** The layout's index, derived: each version's manifest once per tag (or once without), then what hangs on it. */
  indexEntries(): Descriptor[] {
    const rows = this.#database
      .prepare(
        `SELECT version_blobs.*, versions.filter AS filter, tag FROM version_blobs
         JOIN versions ON versions.digest = version_blobs.version
         LEFT JOIN tags ON tags.version = version_blobs.digest AND tags.filter = versions.filter
         WHERE media_type = ? ORDER BY versions.filter, tag, version_blobs.digest`,
      )
      .all(MEDIA_TYPE.manifest)
      .map((row) => ({
        descriptor: descriptorOf(row),
        filter: row["filter"] as string,
        tag: row["tag"] as string | null,
      }));
    return rows.map(({ descriptor, filter, tag }) =>
      tag === null
        ? descriptor
        : { ...descriptor, annotations: { "org.opencontainers.image.ref.name": `${filter}:${tag}` } },
    );
  }

  #insertRow(version: NewVersion): void {
    this.#database
      .prepare(
        `INSERT INTO versions (digest, filter, module_digest, document, document_from, proof, size, pushed_at, pushed_by, push_number)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ${NEXT_PUSH_NUMBER})`,
      )
      .run(
        version.digest,
        version.filter,
        version.moduleDigest,
        JSON.stringify(version.document),
        version.documentFrom,
        JSON.stringify(version.proof),
        version.size,
        version.pushedAt,
        version.pushedBy,
      );
  }

  /** A version pushed again keeps who made it and when; it is the newest again, with the proof of its latest trial. */
  #renewRow(version: NewVersion): void {
    this.#database
      .prepare(`UPDATE versions SET proof = ?, push_number = ${NEXT_PUSH_NUMBER} WHERE digest = ?`)
      .run(JSON.stringify(version.proof), version.digest);
  }

  #replaceBlobs(version: NewVersion, attachments: readonly Descriptor[]): void {
    this.#database.prepare("DELETE FROM version_blobs WHERE version = ?").run(version.digest);
    const insert = this.#database.prepare("INSERT OR IGNORE INTO version_blobs VALUES (?, ?, ?, ?)");
    for (const { digest, mediaType, size } of [...version.blobs, ...attachments]) {
      insert.run(version.digest, digest, mediaType, size);
    }
  }

  #moveTag(filter: string, tag: string, digest: string, by: { pushedAt: string; pushedBy: string }): void {
    this.#database
      .prepare("INSERT OR REPLACE INTO tags (filter, tag, version, moved_at, moved_by) VALUES (?, ?, ?, ?, ?)")
      .run(filter, tag, digest, by.pushedAt, by.pushedBy);
  }

  #tagsOf(filter: string): [string, string][] {
    const rows = this.#database.prepare("SELECT tag, version FROM tags WHERE filter = ? ORDER BY tag").all(filter);
    return rows.map((row) => [row["tag"] as string, row["version"] as string]);
  }

  #versionOf(
    row: Record<string, unknown>,
    tags: readonly [string, string][] = this.#tagsOf(row["filter"] as string),
  ): StoredVersion {
    const digest = row["digest"] as Digest;
    return {
      digest,
      filter: row["filter"] as string,
      moduleDigest: row["module_digest"] as Digest,
      document: JSON.parse(row["document"] as string) as FilterDocument,
      documentFrom: row["document_from"] as string,
      proof: JSON.parse(row["proof"] as string) as unknown,
      size: row["size"] as number,
      pushedAt: row["pushed_at"] as string,
      pushedBy: row["pushed_by"] as string,
      tags: tags.filter(([, version]) => version === digest).map(([tag]) => tag),
    };
  }
}

const NEXT_PUSH_NUMBER = "(SELECT coalesce(max(push_number), 0) + 1 FROM versions)";

function descriptorOf(row: Record<string, unknown>): Descriptor {
  return { mediaType: row["media_type"] as string, digest: row["digest"] as Digest, size: row["size"] as number };
}
