import { readFileSync } from "node:fs";
import { createSign, createVerify, generateKeyPairSync } from "node:crypto";
import { deflateSync, inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { Status } from "../spec/enums.ts";
import { foreignFunctionKit, FuelSpent, TestCall } from "./foreign-function.kit.ts";
import type { ForeignFunction } from "./foreign-function.ts";
import { BUILT_IN_FUNCTIONS, foreignFunctions } from "./index.ts";
import { UNCOMPRESSED_BYTES_MAX } from "./limits.ts";
import { Fields, message } from "./protobuf.ts";

const find = (name: string): ForeignFunction => foreignFunctions().find(name)!;
const ask = (name: string, args: Uint8Array | string): Uint8Array | number => find(name)(new TestCall(args));
const bytes = (text: string): Uint8Array => Buffer.from(text);

const elliptic = generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const publicDer = (key: typeof rsa): Uint8Array => key.publicKey.export({ type: "spki", format: "der" });
const privateDer = (key: typeof rsa): Uint8Array => key.privateKey.export({ type: "pkcs8", format: "der" });
const signed = (key: typeof rsa, text: string): Uint8Array => createSign("sha256").update(text).sign(key.privateKey);
const verifyArgs = (key: typeof rsa, text: string, hash = "sha256"): Uint8Array =>
  message({ 1: hash, 2: publicDer(key), 3: signed(key, "text"), 4: text });

const GOOD: Readonly<Record<string, Uint8Array>> = {
  clear_route_cache: new Uint8Array(0),
  compress: bytes("text"),
  declare_property: message({ 1: "mine", 2: true }),
  set_envoy_filter_state: message({ 1: "key", 2: "value" }),
  sign: message({ 1: "sha256", 2: privateDer(elliptic), 3: "text" }),
  uncompress: deflateSync("text"),
  verify_signature: verifyArgs(elliptic, "text"),
};

for (const [name, call] of Object.entries(BUILT_IN_FUNCTIONS)) foreignFunctionKit(name, call, GOOD[name]!);

describe("foreignFunctions", () => {
  it("finds an embedding's own before the built-in ones, and nothing else", () => {
    const own: ForeignFunction = () => Status.NotFound;
    const functions = foreignFunctions({ compress: own, mine: own });
    expect([functions.find("compress"), functions.find("mine")]).toEqual([own, own]);
    expect(["expr_create", "expr_evaluate", "expr_delete", "", "toString"].map((name) => functions.find(name))).toEqual(
      Array.from({ length: 5 }, () => null),
    );
  });
});

describe("compress and uncompress", () => {
  it("speak zlib's format", () => {
    const text = "abc".repeat(1000);
    expect(inflateSync(ask("compress", text) as Uint8Array).toString()).toBe(text);
    expect(Buffer.from(ask("uncompress", deflateSync(text)) as Uint8Array).toString()).toBe(text);
  });

  it.each([
    { remark: "bytes that are none of zlib's", args: bytes("text"), status: Status.SerializationFailure },
    {
      remark: "the beginning of something",
      args: deflateSync("text").subarray(0, 8),
      status: Status.SerializationFailure,
    },
    { remark: "nothing", args: bytes(""), status: Status.SerializationFailure },
    { remark: "a bomb", args: deflateSync(new Uint8Array(UNCOMPRESSED_BYTES_MAX + 1)), status: Status.InternalFailure },
  ])("answer $status to $remark", ({ args, status }) => {
    expect(ask("uncompress", args)).toBe(status);
  });

  it("cost fuel for what goes in and for what comes out", () => {
    const costOf = (name: string, args: Uint8Array): number => {
      const call = new TestCall(args, Infinity);
      find(name)(call);
      return call.fuel;
    };
    const [short, long] = [1000, 100_000].map((length) => new Uint8Array(length)) as [Uint8Array, Uint8Array];
    expect(costOf("compress", long)).toBe(100 * costOf("compress", short));
    expect(costOf("uncompress", deflateSync(long))).toBeGreaterThan(90 * costOf("uncompress", deflateSync(short)));
    expect(() => find("compress")(new TestCall(new Uint8Array(1_000_000)))).toThrow(FuelSpent);
  });
});

describe("verify_signature and sign", () => {
  const result = (answer: Uint8Array | number): [isGood: number, error: string] => {
    const fields = Fields.read(answer as Uint8Array)!;
    return [fields.number(1), fields.text(2)];
  };

  it.each([
    { kind: "elliptic", key: elliptic },
    { kind: "RSA", key: rsa },
  ])("check and make signatures with an $kind key, in DER and PEM", ({ key }) => {
    expect(result(ask("verify_signature", verifyArgs(key, "text")))).toEqual([1, ""]);
    expect(result(ask("verify_signature", verifyArgs(key, "other text")))).toEqual([0, "Failed to verify digest"]);
    const pem = key.publicKey.export({ type: "spki", format: "pem" });
    const inPem = message({ 1: "SHA256", 3: signed(key, "text"), 4: "text", 5: pem });
    expect(result(ask("verify_signature", inPem))).toEqual([1, ""]);
    for (const args of [{ 2: privateDer(key) }, { 4: key.privateKey.export({ type: "pkcs8", format: "pem" }) }]) {
      const made = Fields.read(ask("sign", message({ 1: "sha512", 3: "text", ...args })) as Uint8Array)!;
      expect([made.number(1), made.text(3)]).toEqual([1, ""]);
      expect(createVerify("sha512").update("text").verify(key.publicKey, made.bytes(2))).toBe(true);
    }
  });

  it.each([
    { remark: "no key", fields: { 2: new Uint8Array(0) } },
    { remark: "a key twice", fields: { 5: rsa.publicKey.export({ type: "spki", format: "pem" }) } },
    { remark: "a key that is none", fields: { 2: bytes("key") } },
    { remark: "a key that is too long", fields: { 2: new Uint8Array(20_000) } },
  ])("answer BadArgument to $remark", ({ fields }) => {
    const args = { 1: "sha256", 2: publicDer(rsa), 3: signed(rsa, "text"), 4: "text", ...fields };
    expect(ask("verify_signature", message(args))).toBe(Status.BadArgument);
  });

  it("say in the result which hashes and keys they do not know", () => {
    expect(result(ask("verify_signature", verifyArgs(rsa, "text", "md5")))).toEqual([0, "md5 is not supported."]);
    const edwards = generateKeyPairSync("ed25519") as unknown as typeof rsa;
    const args = message({ 1: "sha256", 2: publicDer(edwards), 3: bytes("x"), 4: "text" });
    expect(result(ask("verify_signature", args))[1]).toContain("not supported");
  });

  it("cost what the key's length makes them, before the work is done", () => {
    const large = generateKeyPairSync("rsa", { modulusLength: 4096 });
    const costOf = (key: typeof rsa): number => {
      const call = new TestCall(message({ 1: "sha256", 2: privateDer(key), 3: "text" }), Infinity);
      find("sign")(call);
      return call.fuel;
    };
    expect(costOf(large)).toBeGreaterThan(6 * costOf(rsa));
    expect(costOf(rsa)).toBeGreaterThan(2 * costOf(elliptic));
  });
});

describe("declare_property and set_envoy_filter_state", () => {
  it("declare a property once, and say when it would live longer than a stream", () => {
    const call = new TestCall(message({ 1: "mine", 2: true }));
    expect([find("declare_property")(call), find("declare_property")(call)]).toEqual([Status.Ok, Status.BadArgument]);
    expect([...call.declared]).toEqual([["mine", true]]);
    // span: DownstreamConnection, as a number on the wire.
    const longer = new TestCall(Buffer.concat([message({ 1: "other" }), Buffer.from([5 << 3, 2])]));
    expect([find("declare_property")(longer), longer.warnings.length]).toEqual([Status.Ok, 1]);
  });

  it("keep a value under filter_state", () => {
    const call = new TestCall(GOOD["set_envoy_filter_state"]!);
    expect(find("set_envoy_filter_state")(call)).toBe(Status.Ok);
    expect(Buffer.from(call.property("filter_state\0key")!).toString()).toBe("value");
  });

  it.each([
    { name: "declare_property", args: Buffer.from([0x0a, 5, 0x61]), remark: "a text that is cut off" },
    { name: "declare_property", args: Buffer.from([0x0b]), remark: "a group" },
    { name: "declare_property", args: Buffer.from([0xff, 0xff]), remark: "a number without an end" },
    { name: "declare_property", args: message({ 2: true }), remark: "no name" },
    { name: "set_envoy_filter_state", args: message({ 2: "value" }), remark: "no key" },
    { name: "set_envoy_filter_state", args: Buffer.from([0x00]), remark: "a field 0" },
  ])("$name answers BadArgument to $remark", ({ name, args }) => {
    expect(ask(name, args)).toBe(Status.BadArgument);
  });
});

it("docs/foreign-functions.md names every built-in function", () => {
  const page = readFileSync(new URL("../../docs/foreign-functions.md", import.meta.url), "utf8");
  const named = [...page.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name!);
  expect(named.toSorted()).toEqual(Object.keys(BUILT_IN_FUNCTIONS).toSorted());
});
