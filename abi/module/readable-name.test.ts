import { assert, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { readableName } from "./readable-name.ts";

describe("readableName", () => {
  it.each([
    ["a name of Rust", "_ZN4core9panicking5panic17h0123456789abcdefE", "core::panicking::panic"],
    [
      "an implementation of a trait",
      "_ZN61_$LT$behaviour..Stream$u20$as$u20$proxy_wasm..traits..Ctx$GT$6on_log17h0123456789abcdefE",
      "<behaviour::Stream as proxy_wasm::traits::Ctx>::on_log",
    ],
    ["a reference to a slice", "_ZN24_$LT$$RF$$u5b$T$u5d$$GT$3get17h0123456789abcdefE", "<&[T]>::get"],
    ["a name of C++", "_ZN5proxy6filterEv", "proxy::filter"],
    ["a template, which is left as it is", "_ZN5proxyIiE6filterEv", "_ZN5proxyIiE6filterEv"],
    ["a name that was cut", "_ZN4core9panicking5pan", "core::panicking::pan"],
    ["what is not mangled", "main.run", "main.run"],
    ["what only begins so", "_ZN", "_ZN"],
  ])("reads %s", (_, mangled, readable) => {
    expect(readableName(mangled)).toBe(readable);
  });

  it("throws at nothing", () => {
    assert(property(string(), (tail) => void readableName(`_ZN${tail}`)));
    assert(property(string({ unit: "binary" }), (tail) => void readableName(`_ZN9${tail}$u${tail}$`)));
  });
});
