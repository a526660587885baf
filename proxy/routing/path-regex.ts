// Regular expressions over paths, in time linear in the path whatever the expression: a path chosen by an attacker must
// not hold a worker. The engine's 260 KB are loaded when the first expression is compiled: most proxies have none.

import { createRequire } from "node:module";
import type { RE2JS } from "re2js";
import { PATTERN_PROGRAM_SIZE_MAX, REGEX_PATH_BYTES_MAX } from "./limits.ts";

/** Why an expression cannot be used, null when it can. */
export function patternProblem(pattern: string): string | null {
  try {
    const size = compile(pattern).programSize();
    return size <= PATTERN_PROGRAM_SIZE_MAX
      ? null
      : `the expression compiles to ${size} instructions, more than ${PATTERN_PROGRAM_SIZE_MAX}`;
  } catch (error) {
    return (error as Error).message.replace("error parsing regexp: ", "the expression is not valid: ");
  }
}

/** Why a substitution does not fit an expression that is valid, null when it does. */
export function substitutionProblem(pattern: string, substitution: string): string | null {
  const parts = substitutionParts(substitution);
  if (parts === null) return "the substitution has a \\ before something else than a digit or \\";
  const groups = compile(pattern).groupCount();
  const beyond = parts.find((part) => typeof part === "number" && part > groups);
  return beyond === undefined ? null : `the substitution names group ${beyond}, the expression has ${groups}`;
}

/** An expression that a whole path must match. */
export class PathRegex {
  private readonly regex: RE2JS;

  /** `pattern` has no `patternProblem`. */
  constructor(pattern: string) {
    this.regex = compile(pattern);
  }

  /** The path in `bytes[start, end)`, without its query; at most REGEX_PATH_BYTES_MAX of it. */
  matches(bytes: Uint8Array, start: number, end: number): boolean {
    return this.regex.testExact(bytes.subarray(start, end));
  }
}

/** An expression of which every match becomes a substitution, as RE2's GlobalReplace. */
export class PathSubstitution {
  private readonly regex: RE2JS;
  private readonly parts: readonly (string | number)[];

  /** The two have neither `patternProblem` nor `substitutionProblem`. */
  constructor(pattern: string, substitution: string) {
    this.regex = compile(pattern);
    this.parts = substitutionParts(substitution)!;
  }

  /** The path with every match substituted; null when it is longer than REGEX_PATH_BYTES_MAX, before or after. */
  apply(path: string): string | null {
    if (path.length > REGEX_PATH_BYTES_MAX) return null;
    const matcher = this.regex.matcher(path);
    let out = "";
    let at = 0;
    while (matcher.find() && out.length <= REGEX_PATH_BYTES_MAX) {
      out += path.slice(at, matcher.start());
      for (const part of this.parts) out += typeof part === "string" ? part : (matcher.group(part) ?? "");
      at = matcher.end();
    }
    out += path.slice(at);
    return out.length > REGEX_PATH_BYTES_MAX ? null : out;
  }
}

/** Text and group numbers; null when a backslash stands before something else than a digit or a backslash. */
function substitutionParts(substitution: string): (string | number)[] | null {
  const parts: (string | number)[] = [];
  for (const [, text, escape] of substitution.matchAll(/([^\\]+)|\\(.?)/gsu)) {
    if (text !== undefined) parts.push(text);
    else if (escape === "\\") parts.push("\\");
    else if (escape !== undefined && /^[0-9]$/.test(escape)) parts.push(Number(escape));
    else return null;
  }
  return parts;
}

let engine: typeof RE2JS | null = null;

function compile(pattern: string): RE2JS {
  engine ??= (createRequire(import.meta.url)("re2js") as { RE2JS: typeof RE2JS }).RE2JS;
  return engine.compile(pattern);
}
