// What bounds functions that filters call by name. Fuel is the callback's own: 500 of it is about 1 µs.

/** Bytes of a function's name; a longer one names nothing. */
export const FUNCTION_NAME_BYTES_MAX = 128;

/** Fuel of a byte that is compressed, and of one that uncompressing has made. */
export const COMPRESS_FUEL_PER_BYTE = 16;
export const UNCOMPRESS_FUEL_PER_BYTE = 4;
/** What uncompressing may make of anything: a bomb ends here. */
export const UNCOMPRESSED_BYTES_MAX = 1024 * 1024;

/** A key as DER or PEM. */
export const KEY_BYTES_MAX = 16 * 1024;
/** Reading a key, and an operation with an elliptic one. */
export const KEY_FUEL = 50_000;
export const ELLIPTIC_FUEL = 250_000;
/** With an RSA key of 2,048 bits: with its private exponent and with its public one. Four times the bits are 64 and 16 times the work. */
export const RSA_BITS = 2048;
export const RSA_PRIVATE_FUEL = 600_000;
export const RSA_PUBLIC_FUEL = 40_000;

/** Properties that one plugin may declare. */
export const DECLARED_PROPERTIES_MAX = 64;
