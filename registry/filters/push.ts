// A push: the document is found, the module tried, the version stored, proxies told. A refused push leaves nothing behind;
// an accepted one changes no traffic.

import { SluiceError, canonicalJson } from "@sluice/abi";
import type { FilterDocument } from "@sluice/abi";
import { sha256 } from "@sluice/proxy/contract";
import type { Digest } from "@sluice/proxy/contract";
import type { Caller } from "../access/tokens.ts";
import { REGISTRY_ERRORS } from "../errors.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { EventHub } from "../fleet/event-hub.ts";
import { RefusedVersion } from "../http/failure.ts";
import { UPLOADS_AT_ONCE_MAX } from "../limits.ts";
import { attachmentsImage, versionImage } from "../store/oci.ts";
import type { Image } from "../store/oci.ts";
import type { Store } from "../store/store.ts";
import type { ConfigSchemas } from "./config-schemas.ts";
import { findDocument } from "./filter-document.ts";
import type { DocumentFrom } from "./filter-document.ts";
import { Prover } from "./proof.ts";
import type { Proof } from "./proof.ts";
import type { Upload } from "./upload.ts";

export interface Push {
  readonly filter: string;
  readonly tag: string | null;
  readonly by: Caller;
}

export interface Pushed {
  readonly filter: string;
  readonly version: Digest;
  readonly moduleDigest: Digest;
  readonly tag: string | null;
  readonly proof: Proof;
  /** `upload`, `default`, or the digest of the version whose document was taken over. */
  readonly documentFrom: DocumentFrom;
  /** False when the same version was there already. */
  readonly isNew: boolean;
}

export interface PushServices {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly events: EventHub;
  readonly schemas: ConfigSchemas;
}

export class PushDesk {
  readonly #services: PushServices;
  readonly #prover = new Prover();
  #uploads = 0;

  constructor(services: PushServices) {
    this.#services = services;
  }

  /** Makes room for one upload, before a byte of it is read; false when there is none. Give it back with `leave`. */
  enter(): boolean {
    if (this.#uploads >= UPLOADS_AT_ONCE_MAX) return false;
    this.#uploads += 1;
    this.#prover.warm();
    return true;
  }

  leave(): void {
    this.#uploads -= 1;
  }

  /** Throws RefusedVersion, or the SluiceError of a document that cannot be used. */
  async push(push: Push, upload: Upload): Promise<Pushed> {
    const { store } = this.#services;
    const { document, from } = findDocument(push.filter, upload.filter, store.versions.newest(push.filter));
    checkConfiguration(document, this.#services.schemas);
    const proof = await this.#prover.prove(upload, document);
    if (proof.refusal !== null) throw new RefusedVersion(proof.refusal, proof);
    return this.#keep(push, upload, { document, from, proof });
  }

  close(): void {
    this.#prover.close();
  }

  async #keep(
    push: Push,
    upload: Upload,
    found: { readonly document: FilterDocument; readonly from: DocumentFrom; readonly proof: Proof },
  ): Promise<Pushed> {
    const { store, fleet, events } = this.#services;
    const abi = found.proof.inspection?.abi ?? "unknown";
    const image = versionImage({ module: upload.module, document: canonicalJson(found.document), abi });
    const attachments = attachmentsOf(upload, image);
    const version = {
      digest: image.manifest.descriptor.digest,
      filter: push.filter,
      moduleDigest: sha256(upload.module),
      document: found.document,
      documentFrom: found.from,
      proof: found.proof,
      size: upload.module.byteLength,
      pushedAt: new Date().toISOString(),
      pushedBy: push.by.name,
    };
    const isNew = await store.withBlobs(async () => {
      // Blobs first: a row must never name what is not on disk.
      await store.blobs.put([...blobsOf(image), ...(attachments === null ? [] : blobsOf(attachments))]);
      return store.versions.insert({
        ...version,
        blobs: blobsOf(image).map(({ descriptor }) => descriptor),
        attachments: attachments === null ? null : blobsOf(attachments).map(({ descriptor }) => descriptor),
        tag: push.tag,
      });
    });
    await store.renewIndex();
    if (isNew) fleet.prepare(push.filter, version.digest);
    const { digest, filter, moduleDigest, documentFrom, pushedAt, pushedBy } = version;
    events.send({
      event: "version",
      data: { filter, version: digest, moduleDigest, tag: push.tag, pushedAt, pushedBy },
    });
    return { filter, version: digest, moduleDigest, tag: push.tag, proof: found.proof, documentFrom, isNew };
  }
}

function blobsOf(image: Image): readonly Image["manifest"][] {
  return [image.manifest, ...image.blobs];
}

function attachmentsOf(upload: Upload, image: Image): Image | null {
  if (upload.sourceMap === null && upload.requests.length === 0) return null;
  return attachmentsImage(image.manifest.descriptor, upload);
}

/** A schema nobody can use, or an example that lies, is the author's to mend before any operator meets it. */
function checkConfiguration(document: FilterDocument, schemas: ConfigSchemas): void {
  if (document.config === undefined) return;
  const schema = schemas.of(document.config);
  if (document.exampleConfig === undefined) return;
  const problem = schema.problemOf(document.exampleConfig);
  if (problem !== null)
    throw new SluiceError(REGISTRY_ERRORS.exampleMismatch, `exampleConfig does not fit the schema: ${problem}`);
}
