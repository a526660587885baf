// The OCI words the registry speaks: media types, descriptors and the manifests of a version. Bytes in, bytes out.
// No timestamps anywhere: the same push gives the same digests.

import { MEDIA_TYPE as CONTRACT_MEDIA_TYPE, sha256 } from "@sluice/proxy/contract";
import type { Digest } from "@sluice/proxy/contract";

export const MEDIA_TYPE = {
  ...CONTRACT_MEDIA_TYPE,
  index: "application/vnd.oci.image.index.v1+json",
  empty: "application/vnd.oci.empty.v1+json",
  attachments: "application/vnd.sluice.attachments.v1+json",
  sourceMap: "application/vnd.sluice.sourcemap.v1+json",
  requests: "application/vnd.sluice.requests.v1+yaml",
} as const;

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Blob {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** A sample request file as it was pushed. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

export interface VersionParts {
  readonly module: Uint8Array;
  /** The filter document as canonical JSON. */
  readonly document: string;
  readonly abi: string;
}

export interface Attachments {
  readonly sourceMap: Uint8Array | null;
  readonly requests: readonly NamedText[];
}

/** A manifest and every blob it names. */
export interface Image {
  readonly manifest: Blob;
  readonly blobs: readonly Blob[];
}

/** The image of a version; its manifest's digest names the version. */
export function versionImage(parts: VersionParts): Image {
  const config = blobOf(MEDIA_TYPE.filter, parts.document);
  const wasmConfig = blobOf(MEDIA_TYPE.wasmConfig, JSON.stringify({ type: "envoy_proxy", abiVersions: [parts.abi] }));
  const module = blobOf(MEDIA_TYPE.wasmModule, parts.module);
  const manifest = manifestOf({ config: config.descriptor, layers: [wasmConfig.descriptor, module.descriptor] });
  return { manifest, blobs: [config, wasmConfig, module] };
}

/** What hangs on a version without being part of its digest: source map and sample requests, as an OCI referrer. */
export function attachmentsImage(subject: Descriptor, attachments: Attachments): Image {
  const config = blobOf(MEDIA_TYPE.empty, "{}");
  const layers = attachments.requests.map(({ name, text }) => blobOf(MEDIA_TYPE.requests, text, name));
  if (attachments.sourceMap !== null) layers.push(blobOf(MEDIA_TYPE.sourceMap, attachments.sourceMap));
  const manifest = manifestOf({
    artifactType: MEDIA_TYPE.attachments,
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
    subject,
  });
  return { manifest, blobs: [config, ...layers] };
}

/** The layout's index: a row per tag, one without a name for an untagged version, one per referrer. */
export function layoutIndex(manifests: readonly Descriptor[]): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests }, null, 2);
}

interface ManifestBody {
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
}

function manifestOf(body: ManifestBody): Blob {
  return blobOf(MEDIA_TYPE.manifest, JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, ...body }));
}

function blobOf(mediaType: string, content: Uint8Array | string, title?: string): Blob {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const descriptor = { mediaType, digest: sha256(bytes), size: bytes.byteLength };
  if (title === undefined) return { descriptor, bytes };
  return { descriptor: { ...descriptor, annotations: { "org.opencontainers.image.title": title } }, bytes };
}
