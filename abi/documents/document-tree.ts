// YAML or JSON text to plain values, with the place of every key and value remembered for error messages. Bounded in
// bytes, depth and aliases; keys are strings, unique and never `__proto__`. It knows nothing of schemas.

import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument } from "yaml";
import type { Alias, Document, Node, Scalar, YAMLMap, YAMLSeq } from "yaml";
import { DOCUMENT_ALIASES_MAX, DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX, DOCUMENT_VALUES_MAX } from "./limits.ts";

/** Something wrong with a document, and where: 1-based line and column. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly what: string;
  /** What would be right, when that can be said. */
  readonly allowed: string | null;
}

/** Where in a document: keys and positions from the top. */
export type Path = readonly (string | number)[];

export interface DocumentTree {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** The problem at a place of the document. `on` says whether the key or the value is meant. */
  problemAt(path: Path, what: string, allowed?: string | null, on?: "key" | "value"): Problem;
}

/** Parses `text`; `problems` is empty exactly when `value` may be used. */
export function parseDocumentTree(text: string): DocumentTree {
  const size = Buffer.byteLength(text);
  if (size > DOCUMENT_BYTES_MAX) return failed(`the document has ${size} bytes`, `at most ${DOCUMENT_BYTES_MAX} bytes`);
  // The parser recurses over flow collections; this bound costs one pass and keeps it off the end of the stack.
  if (flowDepth(text) > 4 * DOCUMENT_DEPTH_MAX) return failed("brackets are nested too deep", depthAllowed());
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: false,
    prettyErrors: false,
    version: "1.2",
    // `!!binary`, `!!timestamp`, `!!set` and their like make values that JSON cannot carry.
    resolveKnownTags: false,
  });
  const reader = new TreeReader(document, lines);
  return reader.read();
}

export function pointerOf(path: Path): string {
  return path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/**
 * Offsets of a key and its value, and the places within. A tree and not a map by pointer: a pointer repeats its keys, and one
 * long key over many values would take more memory than there is.
 */
interface Place {
  readonly key: number;
  readonly value: number;
  within: Map<string, Place> | null;
}

class TreeReader {
  private readonly root: Place;
  private readonly problems: Problem[] = [];
  private readonly document: Document.Parsed;
  private readonly lines: LineCounter;
  private aliases = 0;
  private values = 0;

  constructor(document: Document.Parsed, lines: LineCounter) {
    this.document = document;
    this.lines = lines;
    const offset = document.contents === null ? 0 : offsetOfNode(document.contents);
    this.root = { key: offset, value: offset, within: null };
  }

  read(): DocumentTree {
    for (const fault of [...this.document.errors, ...this.document.warnings]) {
      this.problems.push(this.fault(fault));
    }
    const value = this.problems.length > 0 ? null : this.node(this.document.contents, this.root, 0);
    const { problems } = this;
    return {
      value,
      problems,
      problemAt: (path, what, allowed = null, on = "value") => this.problem(this.offsetOf(path, on), what, allowed),
    };
  }

  /** The parser's own words, but for blocks nested so deep that it ran out of stack. */
  private fault({
    code,
    message,
    pos,
  }: Document.Parsed["errors"][number] | Document.Parsed["warnings"][number]): Problem {
    if (code === "RESOURCE_EXHAUSTION") return this.problem(pos[0], TOO_DEEP, depthAllowed());
    return this.problem(pos[0], sentence(message), null);
  }

  private node(node: Node | null, place: Place, depth: number): unknown {
    if (node === null) return null;
    if (++this.values > DOCUMENT_VALUES_MAX) {
      // Said once, as for aliases: by them a short text becomes millions of values.
      if (this.values > DOCUMENT_VALUES_MAX + 1) return null;
      return this.refuse(node, "too many values", `at most ${DOCUMENT_VALUES_MAX}, those behind aliases included`);
    }
    if (depth > DOCUMENT_DEPTH_MAX) return this.refuse(node, TOO_DEEP, depthAllowed());
    if (isAlias(node)) return this.alias(node, place, depth);
    if (isMap(node)) return this.map(node, place, depth);
    if (isSeq(node)) return this.list(node, place, depth);
    return this.scalar(node as Scalar);
  }

  private alias(node: Alias, place: Place, depth: number): unknown {
    if (++this.aliases > DOCUMENT_ALIASES_MAX) {
      // Said once: an alias bomb would otherwise be told as often as it expands.
      if (this.aliases > DOCUMENT_ALIASES_MAX + 1) return null;
      return this.refuse(node, "too many aliases", `at most ${DOCUMENT_ALIASES_MAX}, nested ones counted each time`);
    }
    const target = node.resolve(this.document);
    if (target === undefined) return this.refuse(node, `alias *${node.source} has no anchor before it`, null);
    return this.node(target, place, depth + 1);
  }

  private map(map: YAMLMap, place: Place, depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    const within = (place.within = new Map<string, Place>());
    for (const { key, value } of map.items) {
      const name = this.key(key as Node | null, map);
      if (name === null) continue;
      if (Object.hasOwn(result, name)) {
        this.refuse(key as Node, `duplicate key "${name}"`, null);
        continue;
      }
      const keyOffset = offsetOfNode(key as Node);
      const valueOffset = value === null ? keyOffset : offsetOfNode(value as Node);
      const inner = { key: keyOffset, value: valueOffset, within: null };
      within.set(name, inner);
      result[name] = this.node(value as Node | null, inner, depth + 1);
    }
    return result;
  }

  private list(list: YAMLSeq, place: Place, depth: number): unknown[] {
    const within = (place.within = new Map<string, Place>());
    return list.items.map((item, index) => {
      const offset = offsetOfNode(item as Node);
      const inner = { key: offset, value: offset, within: null };
      within.set(String(index), inner);
      return this.node(item as Node, inner, depth + 1);
    });
  }

  private key(key: Node | null, map: YAMLMap): string | null {
    if (!isScalar(key) || key.value === null || typeof key.value === "object") {
      this.refuse(key ?? map, "a key that is not a word", "strings as keys");
      return null;
    }
    const name = typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
    if (name !== "__proto__") return name;
    this.refuse(key, 'the key "__proto__" is refused', null);
    return null;
  }

  private scalar(node: Scalar): unknown {
    const { value } = node;
    if (typeof value !== "number") return value;
    if (!Number.isFinite(value))
      return this.refuse(node, `${node.source} is no number JSON can carry`, "finite numbers");
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      return this.refuse(
        node,
        `${node.source} would be rounded`,
        "integers up to 2^53 - 1; quote it to make it a string",
      );
    }
    return value;
  }

  private refuse(node: Node, what: string, allowed: string | null): null {
    this.problems.push(this.problem(offsetOfNode(node), what, allowed));
    return null;
  }

  /** The nearest place that exists: a missing key is told at its map. */
  private offsetOf(path: Path, on: "key" | "value"): number {
    let place = this.root;
    for (const step of path) {
      const inner = place.within?.get(String(step));
      if (inner === undefined) return place.value;
      place = inner;
    }
    return on === "key" ? place.key : place.value;
  }

  private problem(offset: number, what: string, allowed: string | null): Problem {
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1), what, allowed };
  }
}

function offsetOfNode(node: Node): number {
  return node.range?.[0] ?? 0;
}

function failed(what: string, allowed: string): DocumentTree {
  const problem = { line: 1, column: 1, what, allowed };
  return { value: null, problems: [problem], problemAt: () => problem };
}

const TOO_DEEP = "values are nested too deep";

function depthAllowed(): string {
  return `at most ${DOCUMENT_DEPTH_MAX} levels`;
}

/** Deepest run of open brackets, quotes ignored: an upper bound that is good enough to protect the parser's stack. */
function flowDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x5d || code === 0x7d) depth = Math.max(0, depth - 1);
  }
  return deepest;
}

function sentence(message: string): string {
  return message.replaceAll(/\s+/g, " ").replace(/\.$/, "");
}
