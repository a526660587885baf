// A package.json as it is packed: its faces name what was made of the sources, and what only a checkout needs is left out.

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** What a face of a packed package is: plain, or types beside code. */
type PackedFace = string | { readonly types: string; readonly default: string };

export interface PackedManifest {
  readonly exports: Readonly<Record<string, PackedFace>>;
  readonly [field: string]: unknown;
}

const checkoutOnly = ["devDependencies", "scripts", "private"];

/** `isPacked` answers for a path within the package, as `./index.js`; a face whose file is not packed goes. */
export function packedManifest(manifest: Manifest, isPacked: (path: string) => boolean): PackedManifest {
  const kept = Object.entries(manifest).filter(([field]) => !checkoutOnly.includes(field));
  const faces = Object.entries(manifest.exports).flatMap(([name, source]) => {
    const face = packedFace(source, isPacked);
    return face === null ? [] : [[name, face] as const];
  });
  return { ...Object.fromEntries(kept), exports: Object.fromEntries(faces) };
}

function packedFace(source: string, isPacked: (path: string) => boolean): PackedFace | null {
  const code = source.replace(/\.ts$/, ".js");
  if (code !== source && isPacked(code)) return { types: source.replace(/\.ts$/, ".d.ts"), default: code };
  // AssemblyScript, and patterns over it, are packed as they are written.
  return source.includes("*") || isPacked(source) ? source : null;
}
