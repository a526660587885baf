import { expect, it } from "vitest";

import { streamProperty } from "./stream-property.ts";

it.each([
  ["192.0.2.1", "192.0.2.1:4000"],
  ["::1", "[::1]:4000"],
  ["::ffff:192.0.2.1", "[::ffff:192.0.2.1]:4000"],
])("source.address of a client at %s is %s", (sourceAddress, told) => {
  const facts = { sourceAddress, sourcePort: 4000 } as Parameters<typeof streamProperty>[1];
  expect(Buffer.from(streamProperty("source\0address", facts)!).toString()).toBe(told);
});
