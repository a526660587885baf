// Streams that wait for answers from outside: pauses ended by a callout, and checks that are pending until one is there.

import { describe, expect, it } from "vitest";
import { Stage, type Guest, type SlotOptions } from "./fixtures/stage.ts";

const ALLOW = 1;
const DENY = 2;
const PENDING = 4;

const asks: Guest = (g) =>
  g
    .on("requestHeaders", g.keepStream(), g.call("/pause"), g.pause())
    .on(
      "answer",
      g.actOnStream(),
      g.whenFailed(g.reply(503, "down", "no answer"), "(return)"),
      g.log("answered"),
      g.add(0, "x-user", "u"),
      g.continueStream(0),
    );

/** A check that asks; what it does with the answer is `then`. */
const checks =
  (then: (g: Parameters<Guest>[0]) => string[]): Guest =>
  (g) =>
    g
      .on("check", g.keepStream(), g.call("/check"), g.result(PENDING))
      .on("requestHeaders", g.log("headers"))
      .on("answer", g.actOnStream(), ...then(g));

const allows = checks((g) => [g.completeCheck(ALLOW)]);
const denies = checks((g) => [g.verdict(16, "unknown"), g.response(401, "who"), g.completeCheck(DENY)]);
const forgets = checks((g) => [g.log("says nothing")]);
const asksTwice: Guest = (g) =>
  g
    .on("check", g.keepStream(), g.call("/first"), g.result(PENDING))
    .on(
      "answer",
      g.actOnStream(),
      "(if (i32.eqz (global.get $asked)) (then (global.set $asked (i32.const 1))",
      g.call("/second"),
      ") (else",
      g.completeCheck(ALLOW),
      "))",
    );
const traps = checks((g) => [g.trap()]);

const PASSED = ["> GET /a end"];
const stageOf = (guest: Guest, options: SlotOptions = {}): Stage => new Stage([[guest, options]]);

describe.each(["shared", "stream"] as const)("Stream with a callout of an instance that is %s", (isolation) => {
  it("goes on when the answer says so, with what it added", () => {
    const stage = stageOf(asks, { isolation });
    stage.play(["headers end"]);
    expect([stage.lines(), stage.callouts.asked]).toEqual([[], ["/pause"]]);
    stage.callouts.answer(0);
    expect([stage.lines(), stage.logs()]).toEqual([["> GET /a x-user:u end"], ["answered"]]);
    stage.play(["response end", "finish", "end"]);
    expect(stage.verdict()).toBe("noOpinion");
  });

  it("answers itself when the callout failed", () => {
    const stage = stageOf(asks, { isolation });
    stage.play(["headers end"]);
    stage.callouts.fail(0);
    expect(stage.lines()).toEqual([
      "drop upstream",
      "< 503 content-type:text/plain content-length:9",
      '< "no answer" end',
    ]);
    stage.play(["finish", "end"]);
  });

  it("cancels what is out when the client goes, and hears of no answer", () => {
    const stage = stageOf(asks, { isolation });
    stage.play(["headers end", "close"]);
    expect(stage.callouts.asked).toEqual(["/pause cancelled"]);
    stage.play(["finish", "end"]);
    stage.callouts.answer(0);
    expect([stage.lines(), stage.logs()]).toEqual([[], []]);
  });

  it("lets a request pass whose pending check allows it, headers callback and all", () => {
    const stage = stageOf(allows, { isolation });
    stage.play(["headers end"]);
    expect([stage.lines(), stage.logs()]).toEqual([[], []]);
    stage.callouts.answer(0);
    expect([stage.lines(), stage.logs(), stage.verdict()]).toEqual([PASSED, ["headers"], "allow"]);
    stage.play(["response end", "finish", "end"]);
  });

  it("keeps the body behind a pending check", () => {
    const stage = stageOf(allows, { isolation });
    stage.play(["headers", "data a", "data b end"]);
    expect(stage.lines()).toEqual([]);
    stage.callouts.answer(0);
    expect(stage.lines()).toEqual(["> GET /a", '> "ab" end']);
    stage.play(["finish", "end"]);
  });

  it("denies with the code, reason and response given before the check was completed", () => {
    const stage = stageOf(denies, { isolation });
    stage.play(["headers end"]);
    stage.callouts.answer(0);
    expect(stage.lines()).toEqual(["drop upstream", "< 401 content-type:text/plain content-length:3", '< "who" end']);
    expect(stage.verdict()).toBe("deny UNAUTHENTICATED unknown");
    stage.play(["finish", "end"]);
  });

  it("goes on by its check's verdict and by nothing else that its guest does meanwhile", () => {
    const continues = checks((g) => [g.continueStream(0), g.log("continues")]);
    const stage = stageOf(continues, { isolation });
    stage.play(["headers end"]);
    stage.callouts.answer(0);
    expect([stage.lines()[0], stage.verdict()]).toEqual(["drop upstream", "error error"]);
    stage.play(["finish", "end"]);
  });

  it("shows no body to a slot whose check is pending, though it may look at it while paused", () => {
    const looks: Guest = (g) => allows(g).on("requestBody", g.log("body"));
    const stage = stageOf(looks, { isolation, bodyWhilePaused: true });
    stage.play(["headers", "data a", "data b end"]);
    expect([stage.lines(), stage.logs()]).toEqual([[], []]);
    stage.callouts.answer(0);
    expect([stage.lines(), stage.logs()]).toEqual([
      ["> GET /a", '> "ab" end'],
      ["headers", "body"],
    ]);
    stage.play(["finish", "end"]);
  });

  it("fails a check whose last answer did not complete it", () => {
    const stage = stageOf(forgets, { isolation });
    stage.play(["headers end"]);
    stage.callouts.answer(0);
    expect([stage.lines()[1], stage.verdict()]).toEqual([
      "< 503 content-type:text/plain content-length:20",
      "error error",
    ]);
    stage.play(["finish", "end"]);
  });

  it("waits for a second callout that the first one's answer made", () => {
    const stage = stageOf(asksTwice, { isolation });
    stage.play(["headers end"]);
    stage.callouts.answer(0);
    expect([stage.lines(), stage.callouts.asked]).toEqual([[], ["/first", "/second"]]);
    stage.callouts.answer(1);
    expect([stage.lines(), stage.verdict()]).toEqual([PASSED, "allow"]);
    stage.play(["response end", "finish", "end"]);
  });

  it("takes the fail strategy when the answer's callback traps", () => {
    const stage = stageOf(traps, { isolation });
    stage.play(["headers end"]);
    stage.callouts.answer(0);
    expect([stage.lines()[1], stage.verdict()]).toEqual([
      "< 503 content-type:text/plain content-length:20",
      "error trap",
    ]);
    stage.play(["finish", "end"]);
  });

  it("ends a pending check by the stream's idle time", () => {
    const stage = stageOf(allows, { isolation });
    stage.play(["headers end", "idle"]);
    expect(stage.lines()[1]).toBe("< 504 content-type:text/plain content-length:20");
    stage.callouts.answer(0);
    expect(stage.lines()).toEqual([]);
    stage.play(["finish", "end"]);
  });
});

describe("Stream with a pending check", () => {
  it("fails at once when nobody was called", () => {
    const stage = stageOf((g) => g.on("check", g.result(PENDING)));
    stage.play(["headers end"]);
    expect(stage.verdict()).toBe("error error");
    stage.play(["finish", "end"]);
  });

  it("does not wait in dry run, and records what the answer came to", () => {
    const stage = stageOf(denies, { dryRun: true });
    stage.play(["headers end"]);
    expect(stage.lines()).toEqual(PASSED);
    stage.callouts.answer(0);
    expect(stage.verdict()).toBe("deny UNAUTHENTICATED unknown");
    stage.play(["response end", "finish", "end"]);
    expect(stage.lines()).toEqual(["< 200 content-length:5 end"]);
  });

  it("goes on without the slot where it fails open on errors", () => {
    const stage = stageOf(forgets, { failOpen: 1 << 2 });
    stage.play(["headers end"]);
    stage.callouts.answer(0);
    expect([stage.lines(), stage.verdict().split(" ")[0]]).toEqual([PASSED, "noOpinion"]);
    stage.play(["response end", "finish", "end"]);
  });

  it("asks again what a later slot's edit has outdated, and waits for that answer too", () => {
    const edits: Guest = (g) => g.on("requestHeaders", g.replace(0, ":path", "/b"));
    const stage = new Stage([[allows], [edits]]);
    stage.play(["headers", "data x end"]);
    stage.callouts.answer(0);
    expect([stage.lines(), stage.callouts.asked]).toEqual([[], ["/check", "/check"]]);
    stage.callouts.answer(1);
    expect(stage.lines()).toEqual(["> GET /b", '> "x" end']);
    stage.play(["response end", "finish", "end"]);
  });

  it("denies on the second answer what it allowed on the first", () => {
    const changesMind = checks((g) => [
      "(if (i32.eqz (global.get $asked)) (then (global.set $asked (i32.const 1))",
      g.completeCheck(ALLOW),
      ") (else",
      g.completeCheck(DENY),
      "))",
    ]);
    const edits: Guest = (g) => g.on("requestHeaders", g.replace(0, ":path", "/b"));
    const stage = new Stage([[changesMind], [edits]]);
    stage.play(["headers end"]);
    stage.callouts.answer(0);
    stage.callouts.answer(1);
    expect([stage.lines()[1], stage.verdict()]).toEqual([
      "< 403 content-type:text/plain content-length:10",
      "deny PERMISSION_DENIED",
    ]);
    stage.play(["finish", "end"]);
  });
});

describe("A callout that nobody waits for", () => {
  const reports: Guest = (g) => g.on("log", g.call("/report")).on("answer", g.log("heard"));

  it("is answered to a shared instance after its stream", () => {
    const stage = stageOf(reports);
    stage.play(["headers end", "response end", "finish", "end"]);
    stage.callouts.answer(0);
    expect([stage.callouts.asked, stage.logs()]).toEqual([["/report"], ["heard"]]);
  });

  it("goes out and is not heard by an instance that was the stream's own", () => {
    const stage = stageOf(reports, { isolation: "stream" });
    stage.play(["headers end", "response end", "finish", "end"]);
    stage.callouts.answer(0);
    expect([stage.callouts.asked, stage.logs()]).toEqual([["/report"], []]);
  });

  it("is never made by a callback that fails", () => {
    const stage = stageOf((g) => g.on("requestHeaders", g.call("/lost"), g.trap()));
    stage.play(["headers end"]);
    expect(stage.callouts.asked).toEqual([]);
    stage.play(["finish", "end"]);
  });

  it("is told to a shared root as failed when its client has gone", () => {
    const stage = stageOf((g) =>
      g.on("requestHeaders", g.call("/pause"), g.pause()).on("answer", g.whenFailed(g.log("failed"))),
    );
    stage.play(["headers end", "close", "finish", "end"]);
    expect(stage.logs()).toEqual([]);
    stage.play(["tick"]);
    expect([stage.callouts.asked, stage.logs()]).toEqual([["/pause cancelled"], ["failed"]]);
  });
});
