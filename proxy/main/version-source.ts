// Where the bytes of a filter's version come from: the registry by way of the disk cache, or files beside a deployment.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { FilterDocumentSchema, SluiceError, parseFilterDocument, readDocument } from "@sluice/abi";
import type { FilterDocument } from "@sluice/abi";
import { MEDIA_TYPE, ManifestSchema } from "../contract/index.ts";
import type { Digest, Manifest, Revision } from "../contract/index.ts";
import { PROXY_ERRORS } from "../errors.ts";
import { digestOf } from "../registry-client/blob-cache.ts";
import type { BlobCache } from "../registry-client/blob-cache.ts";
import { MODULE_BYTES_MAX } from "./limits.ts";

export interface FilterVersion {
  /** Digest of the version: its manifest's, or the module's own where there is no manifest. */
  readonly version: Digest;
  readonly module: Uint8Array;
  /** null: the module came without one. */
  readonly document: FilterDocument | null;
}

export interface VersionSource {
  /** Throws a SluiceError that says why the version is not to be had. */
  version(revision: Pick<Revision, "filter" | "version" | "module" | "document">): Promise<FilterVersion>;
}

export interface CachedVersionsOptions {
  /** Null: the cache is all there is. */
  readonly fetch: ((digest: Digest) => Promise<Uint8Array>) | null;
  /** A blob serves, but could not be kept: a full disk must not keep a deployment from traffic. */
  notKept(digest: Digest, error: Error): void;
}

/** Versions by digest: from the cache, else fetched, checked and kept. */
export class CachedVersions implements VersionSource {
  private readonly cache: BlobCache;
  private readonly options: CachedVersionsOptions;
  /** A version's announcement and its deployment may ask for the same blob at the same time. */
  private readonly fetching = new Map<Digest, Promise<Uint8Array>>();

  constructor(cache: BlobCache, options: CachedVersionsOptions) {
    this.cache = cache;
    this.options = options;
  }

  async version(revision: Pick<Revision, "filter" | "version">): Promise<FilterVersion> {
    const version = revision.version!;
    const manifest = readManifest(version, await this.blob(version));
    const layer = manifest.layers.find(({ mediaType }) => mediaType === MEDIA_TYPE.wasmModule);
    if (layer === undefined || manifest.config.mediaType !== MEDIA_TYPE.filter) {
      throw new SluiceError(
        PROXY_ERRORS.badManifest,
        `Version ${version} of ${revision.filter} has no filter document and module.`,
      );
    }
    const [module, document] = await Promise.all([this.blob(layer.digest), this.blob(manifest.config.digest)]);
    // Not parseFilterDocument: that also tries the author's schema on the author's example, for seconds when it is a
    // hostile one. The registry has done so; a proxy needs neither.
    const file = `filter document of ${version}`;
    return { version, module, document: readDocument(text(document), { file, schema: FilterDocumentSchema }) };
  }

  private blob(digest: Digest): Promise<Uint8Array> {
    const running = this.fetching.get(digest);
    if (running !== undefined) return running;
    const blob = this.blobOnce(digest).finally(() => this.fetching.delete(digest));
    this.fetching.set(digest, blob);
    return blob;
  }

  private async blobOnce(digest: Digest): Promise<Uint8Array> {
    const kept = await this.cache.read(digest);
    if (kept !== null) return kept;
    const { fetch, notKept } = this.options;
    if (fetch === null) {
      throw new SluiceError(
        PROXY_ERRORS.versionNotFetched,
        `Blob ${digest} is not in the cache, and there is no registry to ask.`,
      );
    }
    const bytes = await fetch(digest);
    await this.cache.write(digest, bytes).catch((error: Error) => notKept(digest, error));
    return bytes;
  }
}

/** The blobs in the cache that versions consist of; a version whose manifest is not there has none. */
export async function blobsOfVersions(cache: BlobCache, versions: Iterable<Digest>): Promise<Set<Digest>> {
  const blobs = new Set<Digest>();
  for (const version of new Set(versions)) {
    const bytes = await cache.read(version);
    if (bytes === null) continue;
    const manifest = readManifest(version, bytes);
    for (const { digest } of [manifest.config, ...manifest.layers]) blobs.add(digest);
    blobs.add(version);
  }
  return blobs;
}

/** Versions by file, relative to the deployment's folder; those named by digest come from the cache. */
export class FileVersions implements VersionSource {
  private readonly folder: string;
  private readonly cached: VersionSource;

  constructor(folder: string, cached: VersionSource) {
    this.folder = folder;
    this.cached = cached;
  }

  async version(revision: Pick<Revision, "filter" | "version" | "module" | "document">): Promise<FilterVersion> {
    if (revision.module === undefined) return this.cached.version(revision);
    const module = await this.read(revision.module);
    if (module.byteLength > MODULE_BYTES_MAX) {
      throw new SluiceError(
        PROXY_ERRORS.moduleMissing,
        `${revision.module} has ${module.byteLength} bytes, at most ${MODULE_BYTES_MAX} are possible.`,
      );
    }
    const version = digestOf(module);
    if (revision.version !== undefined && revision.version !== version) {
      throw new SluiceError(
        PROXY_ERRORS.moduleChanged,
        `${revision.module} is ${version} now; the revision is of ${revision.version}.`,
      );
    }
    const file = revision.document;
    const document = file === undefined ? null : parseFilterDocument(text(await this.read(file)), file);
    return { version, module, document };
  }

  private async read(file: string): Promise<Uint8Array> {
    try {
      return await readFile(resolve(this.folder, file));
    } catch (cause) {
      throw new SluiceError(PROXY_ERRORS.moduleMissing, `${file} cannot be read: ${(cause as Error).message}`, {
        cause,
      });
    }
  }
}

function readManifest(version: Digest, bytes: Uint8Array): Manifest {
  try {
    return readDocument(text(bytes), { file: `manifest ${version}`, schema: ManifestSchema, syntax: "json" });
  } catch (cause) {
    throw new SluiceError(
      PROXY_ERRORS.badManifest,
      `The manifest of version ${version} cannot be read: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
