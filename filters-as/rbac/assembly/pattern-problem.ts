// Patterns that can never match what the proxy shows to filters, or that mean something else in other systems. Each
// function answers what is wrong, or an empty text. The proxy has normalised paths and hosts before any filter sees them
// (dot segments, `//`, percent-codes, case), so a pattern must be written in that form.

import { asciiUpperCase, isHeaderName, literalOf } from "@sluice/sdk-filter/assembly";

/** Any value: all but the empty pattern. */
export function textProblem(pattern: string): string {
  return pattern.length == 0 ? "an empty pattern matches nothing; '*' means present" : "";
}

export function methodProblem(pattern: string): string {
  if (pattern.length == 0) return textProblem(pattern);
  const upper = asciiUpperCase(pattern);
  return pattern == upper ? "" : "methods are upper case: '" + upper + "'";
}

export function hostProblem(pattern: string): string {
  if (pattern.length == 0) return textProblem(pattern);
  const host = literalOf(pattern);
  if (host.includes("/") || host.includes("@")) return "a host has no '/' or '@'";
  if (!isVisibleAscii(host)) return "a host is written in ASCII: xn--… for names in other letters";
  if (pattern.endsWith(".")) return "the proxy removes the dot at the end of a host before rules see it";
  return pattern.endsWith(":80")
    ? "the proxy removes the default port; a host without a port matches every port, and `ports` tells them apart"
    : "";
}

export function pathProblem(pattern: string): string {
  if (pattern.length == 0) return textProblem(pattern);
  const path = literalOf(pattern);
  if (pattern.charAt(0) != "/" && pattern.charAt(0) != "*") return "a path begins with '/' or '*'";
  if (!isVisibleAscii(path))
    return "spaces and characters beyond ASCII are percent-encoded in paths: write %20, %C3%A9";
  if (path.includes("?") || path.includes("#"))
    return "paths are compared without query and fragment: leave out '?' and '#'";
  if (path.includes("{") || path.includes("}")) return "path templates are not known here; use a prefix like /users/*";
  if (path.includes("\\")) return "a path with '\\' never gets here: the proxy refuses it";
  if (path.includes("//") || hasDotSegment(path))
    return "the proxy removes '//', '/.' and '/..' from paths before rules see them";
  return percentProblem(path);
}

/** For the name in request.headers[NAME], lower case already. */
export function nameProblem(name: string): string {
  if (name.length == 0) return "the header's name is missing";
  return isHeaderName(name) ? "" : "'" + name + "' is no header name";
}

function hasDotSegment(path: string): bool {
  const segments = path.split("/");
  for (let i = 0; i < segments.length; i++) if (segments[i] == "." || segments[i] == "..") return true;
  return false;
}

function percentProblem(path: string): string {
  for (let at = path.indexOf("%"); at >= 0; at = path.indexOf("%", at + 1)) {
    const code = path.substring(at, at + 3);
    const byte = code.length < 3 ? -1 : <i32>I32.parseInt(code.substring(1), 16);
    if (byte <= 0) return "'%' must be followed by two hexadecimal digits, and not by 00";
    if (byte == 0x2f || byte == 0x5c) return "paths with %2F or %5C never get here: the proxy refuses them";
    if (isUnreserved(byte)) {
      return "the proxy decodes '" + code + "' before rules see the path: write '" + String.fromCharCode(byte) + "'";
    }
    if (code != asciiUpperCase(code)) return "the proxy writes '" + code + "' as '" + asciiUpperCase(code) + "'";
  }
  return "";
}

function isVisibleAscii(text: string): bool {
  for (let i = 0; i < text.length; i++) if (<u32>(text.charCodeAt(i) - 0x21) > 0x7e - 0x21) return false;
  return true;
}

/** RFC 3986, 2.3. */
function isUnreserved(code: i32): bool {
  return isLetterOrDigit(code) || code == 0x2d || code == 0x2e || code == 0x5f || code == 0x7e;
}

function isLetterOrDigit(code: i32): bool {
  const letter = (code | 0x20) - 0x61;
  return <u32>letter < 26 || <u32>(code - 0x30) < 10;
}
