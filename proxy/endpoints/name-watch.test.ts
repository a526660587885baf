import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CLUSTER_DEFAULTS } from "../contract/index.ts";
import type { DnsConfig } from "../contract/index.ts";
import { RESOLVED_ADDRESSES_MAX } from "./limits.ts";
import { NameServer } from "./name-server.fixture.ts";
import { NameWatch, isWatchedName } from "./name-watch.ts";

let server: NameServer;
const watches: NameWatch[] = [];

beforeEach(async () => {
  server = await NameServer.start();
});
afterEach(async () => {
  for (const watch of watches.splice(0)) watch.stop();
  await server.stop();
});

/** Watches a name; `told` resolves at the next change. */
function watching(name: string, dns: Partial<DnsConfig> = {}) {
  let tell = (): void => {};
  let changed = new Promise<void>((resolve) => (tell = resolve));
  const settings = { ...CLUSTER_DEFAULTS.dns, servers: [server.address], ...dns };
  const watch = new NameWatch(name, settings, () => tell());
  watches.push(watch);
  watch.start();
  return {
    watch,
    async told(): Promise<NameWatch> {
      await changed;
      changed = new Promise((resolve) => (tell = resolve));
      return watch;
    },
  };
}

describe("NameWatch", () => {
  it("has all addresses of a name, in one order whatever the server's", async () => {
    server.names.set("app.test", ["10.0.0.9", "10.0.0.1", "10.0.0.5"]);
    expect((await watching("app.test").told()).addresses).toEqual(["10.0.0.1", "10.0.0.5", "10.0.0.9"]);
  });

  it("asks again when the records are too old, and tells what is another", async () => {
    server.names.set("app.test", ["10.0.0.1"]);
    const { told } = watching("app.test");
    expect((await told()).addresses).toEqual(["10.0.0.1"]);
    server.names.set("app.test", ["10.0.0.2"]);
    expect((await told()).addresses).toEqual(["10.0.0.2"]);
  });

  it("keeps the last answer while there is none, and says why", async () => {
    server.names.set("app.test", ["10.0.0.1"]);
    const { told } = watching("app.test", { refreshMs: 1 });
    await told();
    server.names.clear();
    expect(await told()).toMatchObject({ addresses: ["10.0.0.1"], failure: "ENOTFOUND" });
    server.names.set("app.test", ["10.0.0.1"]);
    expect(await told()).toMatchObject({ addresses: ["10.0.0.1"], failure: null });
  });

  it("has none before the first answer", async () => {
    expect(await watching("nobody.test").told()).toMatchObject({ addresses: null, failure: "ENOTFOUND" });
  });

  it("prefers a family, and takes the other one rather than none", async () => {
    server.names.set("both.test", ["10.0.0.1", "fd00::1"]);
    server.names.set("six.test", ["fd00::2"]);
    const found = async (name: string, family: DnsConfig["family"]): Promise<unknown> =>
      (await watching(name, { family }).told()).addresses;
    expect(await found("both.test", "ipv4")).toEqual(["10.0.0.1"]);
    expect(await found("both.test", "ipv6")).toEqual(["fd00::1"]);
    expect(await found("both.test", "both")).toEqual(["10.0.0.1", "fd00::1"]);
    expect(await found("six.test", "ipv4")).toEqual(["fd00::2"]);
  });

  it("takes no more addresses than it may have", async () => {
    server.names.set(
      "many.test",
      Array.from({ length: RESOLVED_ADDRESSES_MAX + 1 }, (_, at) => `10.0.0.${at + 1}`),
    );
    expect((await watching("many.test").told()).addresses).toHaveLength(RESOLVED_ADDRESSES_MAX);
  });

  it("asks nobody any more once it is stopped", async () => {
    server.names.set("app.test", ["10.0.0.1"]);
    const { watch, told } = watching("app.test");
    await told();
    watch.stop();
    const { asked } = server;
    server.names.set("other.test", ["10.0.0.1"]);
    // One whole interval of another name's, which is asked twice meanwhile.
    const other = watching("other.test");
    await other.told();
    server.names.set("other.test", ["10.0.0.2"]);
    await other.told();
    // Both families of two resolutions.
    expect(server.asked - asked).toBe(4);
  });

  it.each([
    ["10.0.0.1", false],
    ["::1", false],
    ["localhost", false],
    ["app.localhost", false],
    ["app", true],
    ["app.internal", true],
  ])("watches %s: %s", (host, isWatched) => {
    expect(isWatchedName(host)).toBe(isWatched);
  });

  it("finds what this machine finds where no server is named", async () => {
    // Every system knows this name without asking anybody.
    expect((await watching("localhost", { servers: [], family: "ipv4" }).told()).addresses).toContain("127.0.0.1");
  });
});
