// AssemblyScript. The one loop of the codec that looks at every byte of every head: where the field lines of an HTTP/1.1
// message stand (RFC 9112 section 5), and that nothing in them is doubtful. What a field means is not asked here.
// `npm run generate` compiles it into `../generated/scan-fields.ts`; `../field-scanner.ts` lays the memory out.

const CR: u8 = 0x0d;
const LF: u8 = 0x0a;
const SP: u8 = 0x20;
const TAB: u8 = 0x09;
const COLON: u8 = 0x3a;
const DEL: u8 = 0x7f;
const UNDERSCORE: u8 = 0x5f;

const ROW_BYTES: usize = 20;
/** Bytes looked at in one step; so many may be read behind the end, where they mean nothing. */
const STEP: usize = 16;

const INCOMPLETE: i32 = -1;
const BAD: i32 = -400;
const TOO_MANY: i32 = -431;

/**
 * Reads field lines from `start` up to the empty line and folds their names to lower case in place. `folds` has for each
 * byte of a name what it becomes, 0 for what a name may not have. For each field a row of `rows`: start and length of the
 * name, start and length of the value, whether the name has an underscore; behind the last one where the empty line
 * stands. Returns how many fields there are, or one of the negatives above.
 */
export function scanFields(start: usize, end: usize, folds: usize, rows: usize, fieldsMax: i32): i32 {
  const spaces = i8x16.splat(<i8>SP);
  const deletes = i8x16.splat(<i8>DEL);
  let at = start;
  let fields = 0;
  while (at < end) {
    if (load<u8>(at) == CR) {
      if (at + 1 == end) return INCOMPLETE;
      if (load<u8>(at + 1) != LF) return BAD;
      store<i32>(rows, <i32>at);
      return fields;
    }
    const nameStart = at;
    let hasUnderscore = 0;
    for (; at < end; at++) {
      const byte = load<u8>(at);
      const folded = load<u8>(folds + byte);
      if (folded == 0) break;
      store<u8>(at, folded);
      if (byte == UNDERSCORE) hasUnderscore = 1;
    }
    if (at == end) return INCOMPLETE;
    if (load<u8>(at) != COLON || at == nameStart) return BAD;
    const nameLength = at - nameStart;
    at++;
    while (at < end && isBlank(load<u8>(at))) at++;
    const valueStart = at;
    while (at < end) {
      const bytes = v128.load(at);
      const controls = i8x16.bitmask(v128.or(i8x16.lt_u(bytes, spaces), i8x16.eq(bytes, deletes)));
      if (controls == 0) {
        at += STEP;
        continue;
      }
      at += ctz(controls);
      if (at < end && load<u8>(at) != TAB) break;
      at++;
    }
    if (at >= end) return INCOMPLETE;
    if (load<u8>(at) != CR) return BAD;
    if (at + 1 == end) return INCOMPLETE;
    if (load<u8>(at + 1) != LF) return BAD;
    let valueEnd = at;
    while (valueEnd > valueStart && isBlank(load<u8>(valueEnd - 1))) valueEnd--;
    at += 2;
    if (fields == fieldsMax) return TOO_MANY;
    store<i32>(rows, <i32>nameStart);
    store<i32>(rows, <i32>nameLength, 4);
    store<i32>(rows, <i32>valueStart, 8);
    store<i32>(rows, <i32>(valueEnd - valueStart), 12);
    store<i32>(rows, hasUnderscore, 16);
    rows += ROW_BYTES;
    fields++;
  }
  return INCOMPLETE;
}

function isBlank(byte: u8): bool {
  return byte == SP || byte == TAB;
}
