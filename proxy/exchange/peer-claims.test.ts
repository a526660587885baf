// What a peer says of hops before it, and names with underscores, on the wire: what reaches the upstream, and who the
// record says the client is.

import { afterEach, describe, expect, it } from "vitest";
import { parseAddressRange } from "../contract/index.ts";
import { Loopback, type LoopbackOptions } from "./loopback.ts";
import { TrustedProxies } from "./trusted-proxies.ts";

const LAST = "host: a.test\r\nconnection: close\r\n";
const CLAIMS =
  "X-Forwarded-For: 6.6.6.6, 198.51.100.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.test\r\n" +
  "X-Forwarded-Port: 443\r\nForwarded: for=198.51.100.1\r\nX-Request-Id: theirs\r\nX-Sluice-User: root\r\n";

let loopback: Loopback;
afterEach(() => loopback.stop());

async function fieldsSeen(sent: string, options: LoopbackOptions = {}): Promise<Record<string, string[]>> {
  loopback = await Loopback.start(options);
  const said = await loopback.talk(sent);
  expect(said).toMatch(/^HTTP\/1\.1 200 /);
  await loopback.ended(1);
  const fields: Record<string, string[]> = {};
  for (const line of loopback.upstreamHeads[0]!.split("\r\n").slice(1, -2)) {
    const name = line.slice(0, line.indexOf(":"));
    (fields[name] ??= []).push(line.slice(name.length + 2));
  }
  return fields;
}

const trusting = (...ranges: string[]): LoopbackOptions => ({
  trusted: new TrustedProxies(ranges.map((range) => parseAddressRange(range)!)),
});

describe("claims about earlier hops", () => {
  it.each([
    ["by default", {}],
    ["where others are trusted", trusting("10.0.0.0/8")],
  ])("are replaced %s", async (_name, options) => {
    const fields = await fieldsSeen(`GET / HTTP/1.1\r\n${LAST}${CLAIMS}\r\n`, options);
    expect(fields).toMatchObject({
      "x-forwarded-for": ["127.0.0.1"],
      "x-forwarded-proto": ["http"],
      "x-forwarded-host": ["a.test"],
      forwarded: ['for=127.0.0.1;proto=http;host="a.test"'],
    });
    expect(Object.keys(fields)).not.toContain("x-forwarded-port");
    expect(loopback.seen[0]!.source).toBe("127.0.0.1");
  });

  it("are kept from a peer that is trusted, and added to; the source is the client by them", async () => {
    const fields = await fieldsSeen(`GET / HTTP/1.1\r\n${LAST}${CLAIMS}\r\n`, trusting("127.0.0.0/8"));
    expect(fields).toMatchObject({
      "x-forwarded-for": ["6.6.6.6, 198.51.100.1, 127.0.0.1"],
      "x-forwarded-proto": ["https"],
      "x-forwarded-host": ["shop.test"],
      "x-forwarded-port": ["443"],
      forwarded: ['for=198.51.100.1, for=127.0.0.1;proto=http;host="a.test"'],
    });
    expect(fields["x-request-id"]).not.toEqual(["theirs"]);
    expect(Object.keys(fields)).not.toContain("x-sluice-user");
    expect(loopback.seen[0]!.source).toBe("198.51.100.1");
  });
});

describe("names with underscores", () => {
  const sent = `GET / HTTP/1.1\r\n${LAST}X_User: root\r\nX-Keep: 1\r\n\r\n`;

  it.each([
    ["drop", undefined],
    ["pass", ["root"]],
  ] as const)("%s where sluice.yaml says so", async (underscores, value) => {
    const fields = await fieldsSeen(sent, { limits: { underscores } });
    expect([fields["x_user"], fields["x-keep"]]).toEqual([value, ["1"]]);
  });

  it("are refused without a word", async () => {
    loopback = await Loopback.start();
    expect(await loopback.talk(sent)).toMatch(/^HTTP\/1\.1 400 /);
    expect(loopback.upstreamHeads).toEqual([]);
  });
});
