// Where every read of a thread goes. The buffer lies in a WebAssembly memory, so that compiled code can look at bytes
// where they arrive; behind it is room for what such code notes down.

import { READ_BYTES, SCAN_ROOM_BYTES } from "./limits.ts";

const PAGE_BYTES = 65_536;
const pages = Math.ceil((READ_BYTES + SCAN_ROOM_BYTES) / PAGE_BYTES);

/** Never grows: that would take its bytes away from under `readBuffer`. */
export const readMemory = new WebAssembly.Memory({ initial: pages, maximum: pages });

/** Shared by all connections: a read is used up before the next one begins, whoever it is for. */
export const readBuffer = Buffer.from(readMemory.buffer, 0, READ_BYTES);
