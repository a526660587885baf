// Durations as configurations write them: `1.5s`.

/** Milliseconds of `250ms`, `1.5s`, `10m` or `2h`; -1 when it is none, or not a whole number of milliseconds. */
export function parseDurationMs(text: string): i64 {
  const unit = unitOf(text);
  if (unit.length == 0) return -1;
  const number = text.substring(0, text.length - unit.length);
  const dot = number.indexOf(".");
  const whole = dot < 0 ? number : number.substring(0, dot);
  const fraction = dot < 0 ? "" : number.substring(dot + 1);
  if (!isDigits(whole) || (dot >= 0 && !isDigits(fraction))) return -1;
  const scale = millisecondsIn(unit);
  let divisor: i64 = 1;
  for (let i = 0; i < fraction.length; i++) divisor *= 10;
  const part = fraction.length == 0 ? 0 : I64.parseInt(fraction) * scale;
  return part % divisor == 0 ? I64.parseInt(whole) * scale + part / divisor : -1;
}

function unitOf(text: string): string {
  if (text.endsWith("ms")) return "ms";
  return text.endsWith("s") ? "s" : text.endsWith("m") ? "m" : text.endsWith("h") ? "h" : "";
}

function millisecondsIn(unit: string): i64 {
  if (unit == "ms") return 1;
  return unit == "s" ? 1000 : unit == "m" ? 60_000 : 3_600_000;
}

// Nine digits: no duration that makes sense is longer, and nothing above can overflow.
function isDigits(text: string): bool {
  for (let i = 0; i < text.length; i++) if (<u32>(text.charCodeAt(i) - 0x30) > 9) return false;
  return text.length > 0 && text.length < 10;
}
