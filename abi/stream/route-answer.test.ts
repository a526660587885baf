// What a route answers itself, as the engine treats it: as an upstream's answer, behind the checks and before filters.

import { describe, expect, it } from "vitest";
import { headOf } from "../head/head.ts";
import { Stage } from "./fixtures/stage.ts";
import type { Guest } from "./fixtures/stage.ts";

const marks: Guest = (g) => g.on("responseHeaders", g.add(2, "x-seen", "1"));
const denies: Guest = (g) => g.on("check", g.verdict(7, "closed"), g.result(2));
const takes: Guest = (g) => g.on("check", g.quota("q", "k", 4), g.result(1));

function answered(guests: readonly Guest[], headers: [string, string][] = [], events = ["headers end"]): Stage {
  const stage = new Stage(
    guests.map((guest) => [guest]),
    { headers },
  );
  const fields = headOf([
    [":status", "301"],
    ["location", "/new"],
    ["content-length", "9"],
  ]);
  stage.driver.answer = () => stage.stream.answerFromDriver(301, fields, Buffer.from("over there"));
  stage.play(events);
  return stage;
}

describe("answerFromDriver", () => {
  it("passes the response phases of the filters", () => {
    const { driver, stream } = answered([marks]);
    expect(driver.lines.slice(1)).toEqual([
      "< 301 location:/new content-type:text/plain content-length:10 x-seen:1",
      '< "over there" end',
    ]);
    expect([stream.status, stream.flag]).toEqual([301, null]);
  });

  it("is not reached behind a denial", () => {
    const { driver, stream } = answered([denies]);
    expect(driver.lines.join("\n")).not.toContain("301");
    expect(stream.flag).toBe("UAEX");
  });

  it("ends a request whose content still comes", () => {
    const { driver } = answered([marks], [], ["headers", "data x", "data y end", "finish", "end"]);
    expect(driver.lines.filter((line) => line.startsWith("< 301"))).toHaveLength(1);
    expect(driver.lines.some((line) => line.includes('"x"'))).toBe(false);
  });

  it("spends what the checks took out of quotas", () => {
    const { services } = answered([takes]);
    expect(services.quotas.find("q")!.peek(Buffer.from("k"), 10, true).granted).toBe(6);
  });
});
