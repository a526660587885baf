// Function names of Rust and C++ as their authors wrote them. Rust's compiler mangles `<Stream as Context>::on_log` into
// `_ZN48_$LT$Stream$u20$as$u20$Context$GT$6on_log17h0123456789abcdefE`.

const PREFIX = "_ZN";
const HASH = /^h[0-9a-f]{16}$/;
const ESCAPES: Readonly<Record<string, string>> = {
  LT: "<",
  GT: ">",
  LP: "(",
  RP: ")",
  RF: "&",
  BP: "*",
  SP: "@",
  C: ",",
};

/** The name without mangling; as it is where it is not mangled, or in a way that is not known. A cut one is read as far as it goes. */
export function readableName(name: string): string {
  if (!name.startsWith(PREFIX)) return name;
  const parts: string[] = [];
  let at = PREFIX.length;
  for (;;) {
    const length = /^\d{1,4}/.exec(name.slice(at, at + 4))?.[0];
    if (length === undefined) break;
    at += length.length + Number(length);
    parts.push(name.slice(at - Number(length), at));
  }
  // What follows the last part of a template or an operator says more than its parts.
  if (parts.length === 0 || (at < name.length && name[at] !== "E")) return name;
  if (HASH.test(parts.at(-1)!)) parts.pop();
  return parts.map(unescape).join("::");
}

function unescape(part: string): string {
  return part
    .replace(/^_\$/, "$")
    .replaceAll(/\$u([0-9a-f]{1,6})\$/g, (_, code: string) =>
      String.fromCodePoint(Number.parseInt(code, 16) % 0x11_0000),
    )
    .replaceAll(/\$(\w{1,2})\$/g, (all, escape: string) => ESCAPES[escape] ?? all)
    .replaceAll("..", "::");
}
