import { Text, Value } from "@sluice/sdk-filter/assembly";
import { CorsPolicy, Wildcard } from "./cors-policy";
import { originProblem } from "./policy-compiler";

let text: Text = Text.of("");
const origin: Value = new Value();

function fits(wildcard: Wildcard, candidate: string): bool {
  text = Text.of(candidate);
  origin.set(text.start, text.size);
  return wildcard.fits(origin);
}

describe("Wildcard", () => {
  it("fits every name below, and nothing else that ends alike", () => {
    const below = new Wildcard("https://", ".example.com");
    expect(fits(below, "https://a.example.com")).toBe(true);
    expect(fits(below, "https://a.b.example.com")).toBe(true);
    const others = [
      "https://example.com",
      "https://.example.com",
      "http://a.example.com",
      "https://a.example.com:8443",
      "https://evil.test/.example.com",
      "https://evil.test#.example.com",
      "https://evil.test:80@a.example.com",
      "https://evilexample.com",
      "https://a.example.com.evil.test",
      "https://A.example.com",
      "",
    ];
    for (let i = 0; i < others.length; i++) expect(fits(below, others[i])).toBe(false, others[i]);
  });
});

describe("CorsPolicy", () => {
  it("allows nobody while nothing is in it", () => {
    text = Text.of("https://a.test");
    origin.set(text.start, text.size);
    expect(new CorsPolicy().allows(origin)).toBe(false);
  });
});

describe("originProblem", () => {
  it("has nothing against origins as browsers send them", () => {
    const good = [
      "https://a.test",
      "http://localhost:5173",
      "https://*.example.com",
      "https://*.example.com:8443",
      "http://[::1]:8080",
      "capacitor://localhost",
      "http://192.0.2.1",
    ];
    for (let i = 0; i < good.length; i++) expect(originProblem(good[i])).toBe("", good[i]);
  });
  it("names what could never match or would match too much", () => {
    const bad = [
      "a.test",
      "https://",
      "https://a.test/",
      "https://a.test/x",
      "https://a.test?x",
      "https://u@a.test",
      "https://A.test",
      "https://a.test:443",
      "http://a.test:80",
      "https://a.test:",
      "https://a.test:123456",
      "https://*",
      "https://*.com",
      "https://*.com:8443",
      "https://a.*.test",
      "https://*a.test",
      "https://*.*.a.test",
      "https://ä.test",
      "*.example.com",
    ];
    for (let i = 0; i < bad.length; i++) expect(originProblem(bad[i]).length > 0).toBe(true, bad[i]);
  });
});
