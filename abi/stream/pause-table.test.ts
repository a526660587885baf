// Pause and resume in all combinations: every phase, every result it may have, everyone who may resume. Whatever is held comes
// out whole, once and in order, or not at all.
import { describe, expect, it } from "vitest";
import { DataStatus, HeadersStatus, TrailersStatus } from "../spec/enums.ts";
import type { GuestCallback } from "./fixtures/guest-text.ts";
import { Stage, type Guest } from "./fixtures/stage.ts";

const PHASES = [
  { phase: "requestHeaders", direction: 0, statuses: HeadersStatus },
  { phase: "requestBody", direction: 0, statuses: DataStatus },
  { phase: "requestTrailers", direction: 0, statuses: TrailersStatus },
  { phase: "responseHeaders", direction: 1, statuses: HeadersStatus },
  { phase: "responseBody", direction: 1, statuses: DataStatus },
  { phase: "responseTrailers", direction: 1, statuses: TrailersStatus },
] as const;

const RESUMERS = ["nobody", "the callback itself", "a tick", "a tick for the other direction"] as const;
type Resumer = (typeof RESUMERS)[number];

const EVENTS = ["headers", "data ab", "data cd", "trailers", "response", "rdata hel", "rdata lo", "rtrailers"];

/** Both messages as their receivers get them: what came in pieces is one. */
const WHOLE = ["> GET /a", '> "abcd"', "> trailers x-t:1 end", "< 200", '< "hello"', "< trailers x-t:2 end"];

interface Combination {
  readonly phase: GuestCallback;
  readonly direction: 0 | 1;
  readonly action: string;
  readonly status: number;
  readonly resumer: Resumer;
}

const COMBINATIONS: readonly Combination[] = PHASES.flatMap(({ phase, direction, statuses }) =>
  Object.entries(statuses).flatMap(([action, status]) =>
    RESUMERS.map((resumer) => ({ phase, direction, action, status, resumer })),
  ),
);

function guestOf({ phase, direction, status, resumer }: Combination): Guest {
  const resumed = resumer === "a tick for the other direction" ? 1 - direction : direction;
  return (g) => {
    const own = resumer === "the callback itself" ? [g.continueStream(direction)] : [];
    g.on("configure", g.tickEvery(10)).on("create", g.keepStream());
    if (resumer.startsWith("a tick")) g.on("tick", g.actOnStream(), g.continueStream(resumed));
    return g.on(phase, ...own, g.result(status));
  };
}

/** With 10 ms after each event; what the driver was told, reads of sockets aside. */
function play(combination: Combination): { stage: Stage; told: () => string[] } {
  const stage = new Stage([[guestOf(combination)]]);
  for (const event of EVENTS) {
    // An upstream that did not get the request does not answer, and nobody feeds a stream that is over.
    const isOver = stage.driver.lines.some((line) => line.startsWith("reset") || line === "drop upstream");
    if (event.startsWith("r") && !stage.driver.lines.includes(WHOLE[2]!)) break;
    if (isOver) break;
    stage.play([event, "tick"]);
  }
  return { stage, told: () => merged(stage.driver.lines) };
}

function merged(lines: readonly string[]): string[] {
  const told: string[] = [];
  for (const line of lines.filter((each) => !each.includes("reads"))) {
    const last = told.at(-1) ?? "";
    const isMore = line[2] === '"' && last[2] === '"' && line[0] === last[0];
    if (isMore) told[told.length - 1] = `${last.slice(0, -1)}${line.slice(3)}`;
    else told.push(line.replace(" content-length:5", ""));
  }
  return told.filter((line) => line.slice(2) !== '""');
}

/** Does this result hold the message until somebody lets it go? Trailers do not release a body by accident. */
function holds({ phase, status }: Combination): boolean {
  return status !== 0 && !(phase.endsWith("Headers") && status === HeadersStatus.ContinueAndEndStream);
}

/** The filter took the chunks for itself; a callback that resumes its own pause has not paused. */
function drops({ phase, status, resumer }: Combination): boolean {
  return phase.endsWith("Body") && status === DataStatus.StopIterationNoBuffer && resumer !== "the callback itself";
}

function expectedWhole(combination: Combination): string[] {
  if (!drops(combination)) return WHOLE;
  return WHOLE.filter((line) => !line.startsWith(`${combination.direction === 0 ? ">" : "<"} "`));
}

const name = ({ phase, action, resumer }: Combination): string => `${phase} ${action}, resumed by ${resumer}`;
const cases = COMBINATIONS.map((combination) => ({ ...combination, name: name(combination) }));
const isLetGo = ({ resumer }: Combination): boolean => resumer === "the callback itself" || resumer === "a tick";

describe("A message that is let go", () => {
  it.each(cases.filter((each) => !holds(each) || isLetGo(each)))("is whole: $name", (combination) => {
    const { stage, told } = play(combination);
    expect(told()).toEqual(expectedWhole(combination));
    stage.play(["finish", "end"]);
  });
});

describe("A message that is held", () => {
  const held = cases.filter((each) => holds(each) && !isLetGo(each));

  it.each(held)("stays behind, and ends when its time is over: $name", (combination) => {
    const { stage, told } = play(combination);
    const before = told();
    expect(before).toEqual(WHOLE.slice(0, before.length));
    expect(before).not.toContain(WHOLE[combination.direction * 3 + 2]);
    stage.play(["idle"]);
    const ended = told().slice(before.length);
    expect(ended.slice(0, 2)).toEqual([
      "drop upstream",
      before.includes("< 200") ? "reset SI" : expect.stringMatching(/^< 504/),
    ]);
    stage.play(["finish", "end"]);
    expect(stage.instancesLive()).toEqual([1]);
  });
});
