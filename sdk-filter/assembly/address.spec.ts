import { Address, AddressBlock } from "./address";

let bytes: ArrayBuffer = new ArrayBuffer(0);

/** The address as eight groups, `-` when it is none. */
function groups(text: string): string {
  bytes = String.UTF8.encode(text);
  const address = new Address();
  if (!address.parseBytes(changetype<usize>(bytes), bytes.byteLength)) return "-";
  let told = "";
  for (let i = 0; i < 8; i++) {
    const half = i < 4 ? address.high : address.low;
    told += (i > 0 ? ":" : "") + hex(<i32>((half >> (48 - (i % 4) * 16)) & 0xffff));
  }
  return told;
}

function hex(group: i32): string {
  let text = "";
  for (let rest = group; rest != 0; rest >>= 4) text = "0123456789abcdef".charAt(rest & 15) + text;
  return text.length == 0 ? "0" : text;
}

function contains(block: string, text: string): bool {
  const parsed = AddressBlock.parse(block);
  bytes = String.UTF8.encode(text);
  const address = new Address();
  return parsed !== null && address.parseBytes(changetype<usize>(bytes), bytes.byteLength) && parsed.contains(address);
}

function isBlock(text: string): bool {
  return AddressBlock.parse(text) !== null;
}

describe("Address", () => {
  it("reads IPv4 with and without a port", () => {
    expect(groups("1.2.3.4")).toBe("0:0:0:0:0:ffff:102:304");
    expect(groups("255.255.255.255:80")).toBe("0:0:0:0:0:ffff:ffff:ffff");
  });
  it("reads IPv6 with and without brackets, port and zone", () => {
    expect(groups("::")).toBe("0:0:0:0:0:0:0:0");
    expect(groups("::1")).toBe("0:0:0:0:0:0:0:1");
    expect(groups("[fd00::1:2]:443")).toBe("fd00:0:0:0:0:0:1:2");
    expect(groups("1:2:3:4:5:6:7:8")).toBe("1:2:3:4:5:6:7:8");
    expect(groups("fe80::1%eth0")).toBe("fe80:0:0:0:0:0:0:1");
    expect(groups("1::")).toBe("1:0:0:0:0:0:0:0");
  });
  it("reads IPv4 inside IPv6 as the same address", () => {
    expect(groups("::ffff:1.2.3.4")).toBe(groups("1.2.3.4"));
    expect(groups("[::ffff:102:304]:80")).toBe(groups("1.2.3.4"));
  });
  it("refuses what is no address", () => {
    const wrong = [
      "",
      "1.2.3",
      "1.2.3.4.5",
      "1.2.3.256",
      "01.2.3.4",
      "1..2.3",
      "a.b.c.d",
      "1:2",
      ":::",
      "1::2::3",
      "1:",
      ":1",
      "12345::",
      "g::",
      "1:2:3:4:5:6:7:8:9",
      "[::1",
      "::1.2.3.4.5",
    ];
    for (let i = 0; i < wrong.length; i++) expect(groups(wrong[i])).toBe("-", wrong[i]);
  });
});

describe("AddressBlock", () => {
  it("contains the addresses under its prefix", () => {
    expect(contains("10.0.0.0/8", "10.255.0.1:80")).toBe(true);
    expect(contains("10.0.0.0/8", "11.0.0.1")).toBe(false);
    expect(contains("10.1.2.3", "10.1.2.3")).toBe(true);
    expect(contains("10.1.2.3", "10.1.2.4")).toBe(false);
    expect(contains("fd00::/8", "[fdff::1]:80")).toBe(true);
    expect(contains("fd00::/8", "fe00::1")).toBe(false);
    expect(contains("2001:db8::/33", "2001:db8:8000::1")).toBe(false);
    expect(contains("2001:db8::/33", "2001:db8:7fff::1")).toBe(true);
  });
  it("takes /0 for all addresses of its family", () => {
    expect(contains("0.0.0.0/0", "1.2.3.4")).toBe(true);
    expect(contains("0.0.0.0/0", "::1")).toBe(false);
    expect(contains("::/0", "::1")).toBe(true);
  });
  it("meets a client that dials the IPv6 form of an IPv4 address", () => {
    expect(contains("10.0.0.0/8", "[::ffff:10.1.1.1]:80")).toBe(true);
    expect(contains("::ffff:10.0.0.0/104", "10.1.1.1")).toBe(true);
  });
  it("ignores bits beyond the prefix", () => {
    expect(contains("10.1.2.3/8", "10.9.9.9")).toBe(true);
  });
  it("refuses what is no block", () => {
    expect(isBlock("10.0.0.0/33")).toBe(false);
    expect(isBlock("10.0.0.0/")).toBe(false);
    expect(isBlock("10.0.0.0/-1")).toBe(false);
    expect(isBlock("10.0.0.0/08")).toBe(false);
    expect(isBlock("10.0.0.0:80")).toBe(false);
    expect(isBlock("[::1]")).toBe(false);
    expect(isBlock("::/129")).toBe(false);
    expect(isBlock("10.0.0/8")).toBe(false);
  });
});
