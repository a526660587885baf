// Letter case of ASCII only. AssemblyScript's own toLowerCase knows all of Unicode and adds 12 kB to a module; names in
// HTTP have ASCII letters only.

/** A–Z as a–z. */
export function asciiLowerCase(text: string): string {
  return shifted(text, 0x41, 0x20);
}

/** a–z as A–Z. */
export function asciiUpperCase(text: string): string {
  return shifted(text, 0x61, -0x20);
}

/** Moves the 26 letters from `first` on by `distance`. */
function shifted(text: string, first: i32, distance: i32): string {
  let result = "";
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    result += String.fromCharCode(<u32>(code - first) < 26 ? code + distance : code);
  }
  return result;
}
