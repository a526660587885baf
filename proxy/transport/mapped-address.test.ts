import { once } from "node:events";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { plainTcp } from "./plain-transport.ts";
import { rawTcp } from "./raw-transport.ts";

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ family }) => family === "IPv6"));

describe.skipIf(!hasIpv6).each([
  { name: "raw TCP", kind: rawTcp },
  { name: "plain TCP", kind: plainTcp },
])("$name on all addresses", ({ kind }) => {
  it("gives IPv4 clients their own address", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const listener = await kind.listen({ host: "::", port: 0 }, (transport) => {
      resolve(transport.remoteAddress);
      transport.close();
    });
    const client = connect(listener.port, "127.0.0.1");
    expect(await promise).toBe("127.0.0.1");
    client.resume();
    await once(client, "close");
    listener.close();
  });
});
