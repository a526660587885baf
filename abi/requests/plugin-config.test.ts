import { describe, expect, it } from "vitest";
import { pluginConfigBytes } from "./plugin-config.ts";

describe("pluginConfigBytes", () => {
  it.each([
    ["nothing as no bytes", undefined, ""],
    ["a string as it is", "plain\n", "plain\n"],
    ["anything else as canonical JSON", { b: "ä", a: null }, '{"a":null,"b":"ä"}'],
    ["an empty map as JSON", {}, "{}"],
  ])("gives %s", (_name, config, text) => {
    expect(new TextDecoder().decode(pluginConfigBytes(config))).toBe(text);
  });
});
