// Names of header fields, as configurations give them.

/** Whether `text` is a field name that a message may carry: a token (RFC 9110, 5.6.2). Pseudo headers are none. */
export function isHeaderName(text: string): bool {
  for (let i = 0; i < text.length; i++) if (!isTokenCode(text.charCodeAt(i))) return false;
  return text.length > 0;
}

function isTokenCode(code: i32): bool {
  const letter = (code | 0x20) - 0x61;
  if (<u32>letter < 26 || <u32>(code - 0x30) < 10) return true;
  return code > 0x20 && "!#$%&'*+-.^_`|~".includes(String.fromCharCode(code));
}
