import { describe, expect, it } from "vitest";
import wabtLoader from "wabt";
import { prepareModule } from "../module/artifact.ts";
import type { ModuleArtifact } from "../module/artifact.ts";
import { GuestText } from "../stream/fixtures/guest-text.ts";
import type { RecordedCallout } from "../host/memory-callouts.ts";
import { calloutScript } from "./callout-script.ts";
import { parseFilterDocument } from "./filter-document.ts";
import { parseRequests } from "./request-document.ts";
import { runRequests } from "./run-requests.ts";
import type { RequestsReport } from "./run-requests.ts";

const wabt = await wabtLoader();

function compileText(wat: string): Uint8Array {
  const parsed = wabt.parseWat("guest.wat", wat);
  try {
    return Uint8Array.from(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}

const filter = parseFilterDocument(
  "apiVersion: sluice/v1\nkind: Filter\nname: roles\nphase: AUTHZ\nrequires: [check]\n",
);

/** Denies without x-role; else allows, sets a header, drops another, logs, and marks the response. */
function roles(): ModuleArtifact {
  const g = new GuestText();
  g.on(
    "check",
    g.getProperty("request\0url_path"),
    g.whenHeader("x-role", g.result(1)),
    g.verdict(7, "no-role"),
    g.result(2),
  )
    .on("requestHeaders", g.add(0, "x-a", "1"), g.remove(0, "x-b"), g.log("asked"))
    .on("responseHeaders", g.add(2, "x-c", "2"));
  return prepareModule(g.module());
}

function run(cases: string, artifact = roles()): RequestsReport {
  const document = parseRequests(`apiVersion: sluice/v1\nkind: Requests\ncases:\n${cases}`);
  return runRequests(artifact, document, { filter });
}

describe("runRequests", () => {
  it("tells what became of a request that passes", () => {
    const { ok, cases } = run(`
  - name: passes
    request: { path: "/x?y=1", headers: [[X-Role, guest], [x-b, "9"]], chunks: [a, b] }
    response: { status: 201, headers: [[x-up, "1"]], chunks: [hello] }
`);
    expect(ok).toBe(true);
    const { forwarded, response, status, verdict, reads, logs, fuel, isLocal } = cases[0]!;
    expect(verdict).toEqual({ kind: "allow", code: null, reason: null });
    expect(forwarded).toMatchObject({ body: "ab" });
    expect(forwarded!.headers).toEqual([
      [":method", "GET"],
      [":path", "/x?y=1"],
      [":authority", "test"],
      [":scheme", "http"],
      ["x-role", "guest"],
      ["x-a", "1"],
    ]);
    expect(response).toEqual({
      headers: [
        [":status", "201"],
        ["x-up", "1"],
        ["x-c", "2"],
      ],
      body: "hello",
      trailers: [],
    });
    expect({ status, isLocal, logs }).toEqual({ status: 201, isLocal: false, logs: ["asked"] });
    expect(reads).toEqual(["request.url_path", "request.headers[x-role]"]);
    expect(fuel).toBeGreaterThan(0);
  });

  it("passes a case whose expectations all hold", () => {
    const { cases } = run(`
  - name: denied
    request: { path: /x }
    expect:
      verdict: { kind: deny, code: PERMISSION_DENIED, reason: no-role }
      status: 403
      reads: ["request.headers[x-role]", request.url_path]
      responseHeaders: { content-type: text/plain, x-c: "2", x-none: null }
      logs: []
      fuelMax: 20000
`);
    expect(cases[0]!.failures).toEqual([]);
    expect(cases[0]!.isLocal).toBe(true);
  });

  it("says what was expected and what was", () => {
    const { ok, cases } = run(`
  - name: wrong in every way
    request: { headers: [[x-role, a]] }
    expect:
      verdict: { kind: deny, reason: other }
      status: 403
      reads: [request.path]
      requestHeaders: { x-a: null, x-role: [a, b] }
      responseHeaders: { x-c: "3" }
      logs: [first, second]
      fuelMax: 1
`);
    expect(ok).toBe(false);
    expect(cases[0]!.failures).toEqual([
      'verdict.kind: expected "deny", was "allow"',
      'verdict.reason: expected "other", was none',
      "status: expected 403, was 200",
      'reads: expected ["request.path"], was ["request.headers[x-role]","request.url_path"]',
      'requestHeaders.x-a: expected absent, was "1"',
      'requestHeaders.x-role: expected ["a","b"], was "a"',
      'responseHeaders.x-c: expected "3", was "2"',
      'logs: expected ["first","second"], was ["asked"]',
      `fuel: expected at most 1, was ${cases[0]!.fuel}`,
    ]);
  });

  it("fails a case whose filter fails, unless that is expected", () => {
    const g = new GuestText();
    const trapping = prepareModule(g.on("check", g.trap()).module());
    const { cases } = run(
      `
  - { name: unexpected, request: {} }
  - { name: expected, request: {}, expect: { verdict: { kind: error }, status: 503 } }
`,
      trapping,
    );
    expect(cases.map(({ ok }) => ok)).toEqual([false, true]);
    expect(cases[0]!.failures[0]).toMatch(/^the filter failed \(trap\): /);
  });

  it("ends a case that stays paused with 504, and lets ticks end one that does not", () => {
    const g = new GuestText();
    g.on("check", g.result(1))
      .on("configure", g.tickEvery(500))
      .on("requestHeaders", g.keepStream(), g.pause())
      .on("tick", g.actOnStream(), g.continueStream(0));
    const forever = new GuestText();
    forever.on("check", forever.result(1)).on("requestHeaders", forever.pause());
    const paused = `\n  - { name: paused, request: {} }\n`;
    expect(run(paused, prepareModule(forever.module())).cases[0]!.status).toBe(504);
    // A plugin with one shared instance: the root's tick reaches the stream.
    const document = parseRequests(`apiVersion: sluice/v1\nkind: Requests\ncases:${paused}`);
    expect(
      runRequests(prepareModule(g.module()), document, { filter: null, capabilities: ["timer"] }).cases[0]!.status,
    ).toBe(200);
  });

  it("does not let cases see each other", () => {
    const g = new GuestText();
    const counts = prepareModule(
      g
        .on(
          "check",
          "(global.set $stream (i32.add (global.get $stream) (i32.const 1)))",
          "(return (global.get $stream))",
        )
        .module(),
    );
    const { cases } = run(`\n  - { name: a, request: {} }\n  - { name: b, request: {} }\n`, counts);
    expect(cases.map(({ verdict }) => verdict.kind)).toEqual(["allow", "allow"]);
  });
});

describe("callouts of a request file", () => {
  /** Its check is pending until the cluster `auth` has answered: any answer allows, none denies. */
  function asking(): ModuleArtifact {
    const g = new GuestText();
    g.on("check", g.keepStream(), g.call("/check"), g.result(4)).on(
      "answer",
      g.actOnStream(),
      g.whenFailed(g.verdict(14, "auth-down"), g.completeCheck(2), "(return)"),
      g.log("answered"),
      g.completeCheck(1),
    );
    return prepareModule(g.module());
  }

  const ask = (cases: string): RequestsReport => {
    const document = parseRequests(`apiVersion: sluice/v1\nkind: Requests\ncases:\n${cases}`);
    return runRequests(asking(), document, { filter, capabilities: ["callout"] });
  };

  it("are answered by the entry that fits, when the case's clock passes", () => {
    const { cases } = ask(`
  - name: answered
    request: {}
    callouts:
      - { cluster: other, response: { status: 500 } }
      - { cluster: auth, match: { path: /other }, fail: reset }
      - { cluster: auth, match: { method: GET, path: /check }, response: { status: 200, body: ok }, after: 50ms }
    expect:
      verdict: { kind: allow }
      logs: [answered]
      callouts: [{ cluster: auth, method: GET, path: /check, headers: { x-none: null }, body: "", outcome: answered }]
  - name: reset
    request: {}
    callouts: [{ cluster: auth, fail: reset }]
    expect: { verdict: { kind: deny, reason: auth-down }, callouts: [{ outcome: failed }] }
  - name: nobody is there
    request: {}
    expect: { verdict: { kind: deny, code: UNAVAILABLE, reason: auth-down }, status: 503, callouts: [{}] }
`);
    expect(cases.flatMap(({ failures }) => failures)).toEqual([]);
  });

  it("are told where they are not as expected, and which no entry answers", () => {
    const { cases } = ask(`
  - name: wrong
    request: {}
    callouts: [{ cluster: auth, match: { path: /chekc }, response: {} }]
    expect: { verdict: { kind: allow }, callouts: [{ path: /x, headers: { ":method": PUT }, outcome: answered }] }
  - name: too many
    request: {}
    expect: { callouts: [] }
`);
    expect(cases.map(({ failures }) => failures)).toEqual([
      [
        'verdict.kind: expected "allow", was "deny"',
        'callouts[0].path: expected "/x", was "/check"',
        'callouts[0].headers.:method: expected "PUT", was "GET"',
        'callouts[0].outcome: expected "answered", was "failed"',
        "callouts: no entry answers GET /check of auth",
      ],
      ['callouts: expected 0, were 1: ["GET /check of auth"]', "callouts: no entry answers GET /check of auth"],
    ]);
  });

  it("are the same on every run", () => {
    const cases = `\n  - { name: a, request: {}, callouts: [{ cluster: auth, fail: timeout }] }\n`;
    expect(JSON.stringify(ask(cases))).toBe(JSON.stringify(ask(cases)));
  });

  it("answer in turn, the last of those that fit for good", () => {
    const script = calloutScript([
      { cluster: "a", response: { status: 503 } },
      { cluster: "a", grpc: { messages: [{ base64: "AAE=" }, "x"] } },
      { cluster: "a", response: { status: 200 }, after: "1s" },
    ]);
    const asked = (kind: RecordedCallout["kind"]): ReturnType<typeof script> =>
      script({ kind, cluster: "a", method: "GET", path: "/" } as RecordedCallout);
    expect([asked("http"), asked("http"), asked("http")]).toEqual([
      { response: { status: 503 } },
      { response: { status: 200 }, afterMs: 1_000 },
      { response: { status: 200 }, afterMs: 1_000 },
    ]);
    expect(asked("grpcCall")?.grpc?.messages).toEqual([Buffer.of(0, 1), Buffer.from("x")]);
    expect(script({ kind: "http", cluster: "b", method: "GET", path: "/" } as RecordedCallout)).toBeNull();
  });

  it("are refused with two answers", () => {
    expect(() =>
      ask(`\n  - { name: a, request: {}, callouts: [{ cluster: auth, fail: reset, response: {} }] }\n`),
    ).toThrow("a callout has one answer");
  });
});

describe("the environment of a request file", () => {
  it("is what the module reads, unless who runs it says another", () => {
    const wat = `(module
      (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_get" (func $get (param i32 i32) (result i32)))
      (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "proxy_abi_version_0_2_1"))
      (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 8192))
      (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
        (drop (call $sizes (i32.const 0) (i32.const 4)))
        (drop (call $get (i32.const 16) (i32.const 512)))
        (drop (call $log (i32.const 2) (i32.const 512) (i32.sub (i32.load (i32.const 4)) (i32.const 1))))
        (i32.const 0)))`;
    const artifact = prepareModule(compileText(wat));
    const document = parseRequests(
      "apiVersion: sluice/v1\nkind: Requests\nenvironment: { MODE: strict }\ncases: [{ name: a, request: {} }]\n",
    );
    const logged = (environment?: Record<string, string>): readonly string[] =>
      runRequests(artifact, document, { filter: null, ...(environment === undefined ? {} : { environment }) }).cases[0]!
        .logs;
    expect([logged(), logged({ A: "b" })]).toEqual([["MODE=strict"], ["A=b"]]);
  });
});

describe("parseRequests", () => {
  it("refuses what the format does not have, by line", () => {
    const text =
      "apiVersion: sluice/v1\nkind: Requests\ncases:\n  - { name: a, request: {}, expct: {} }\n  - { name: a, request: {} }\n";
    expect(() => parseRequests(text, "r.yaml")).toThrow(/r\.yaml:4:\d+: .*expct/);
    expect(() => parseRequests(text.replace(", expct: {}", ""), "r.yaml")).toThrow(/r\.yaml:5:\d+: .*stands above/);
  });
});

describe("parseFilterDocument", () => {
  const head = "apiVersion: sluice/v1\nkind: Filter\nname: a\n";

  it("refuses an example that does not fit the schema", () => {
    expect(() =>
      parseFilterDocument(`${head}config: { type: object, required: [x] }\nexampleConfig: { y: 1 }\n`),
    ).toThrow(/filter\.yaml:5:\d+: does not fit config/);
  });

  it("refuses a schema that is none", () => {
    expect(() => parseFilterDocument(`${head}config: { type: 7 }\n`)).toThrow(
      /filter\.yaml:4:\d+: is no schema that can be used/,
    );
  });

  it("refuses a long list of words in time that grows with its length", () => {
    const words = Array.from({ length: 50_000 }, (_, i) => `w${i}`).join();
    expect(() => parseFilterDocument(`${head}capabilities: [${words}]\n`)).toThrow("and 49980 more problems");
  });

  it("takes the example of the documentation", () => {
    const document = parseFilterDocument(`${head}phase: AUTHZ
requires: [check]
body: none
capabilities: []
runtime: minimal
config: { type: object, required: [areas], properties: { areas: { type: array, items: { type: object, required: [prefix, open], properties: { prefix: { type: string }, open: { type: boolean } } } } } }
exampleConfig: { areas: [{ prefix: /public/, open: true }] }
requests: [requests/*.yaml]
`);
    expect(document.requires).toEqual(["check"]);
  });
});

describe("mirrors of a request file", () => {
  const mirroring = (): ModuleArtifact => {
    const g = new GuestText();
    g.on("requestHeaders", g.whenHeader("x-test", g.mirror("shadow", 6)), g.result(0));
    return prepareModule(g.module());
  };
  const withCallouts = (cases: string): RequestsReport => {
    const document = parseRequests(`apiVersion: sluice/v1\nkind: Requests\ncases:\n${cases}`);
    return runRequests(mirroring(), document, { filter: null, capabilities: ["callout"] });
  };

  it("are compared in order, each in what the case says of it", () => {
    const { cases } = withCallouts(`
  - name: copied
    request: { headers: [[x-test, "1"]] }
    expect: { mirrors: [{ cluster: shadow, compare: true }] }
  - name: not copied
    request: {}
    expect: { mirrors: [] }
  - name: otherwise
    request: { headers: [[x-test, "1"]] }
    expect: { mirrors: [{ cluster: shadow, keepCredentials: true }] }
`);
    expect(cases.map(({ failures }) => failures)).toEqual([
      [],
      [],
      [
        'mirrors: expected [{"cluster":"shadow","keepCredentials":true}], was [{"cluster":"shadow","keepCredentials":false,"compare":true,"withoutBody":true}]',
      ],
    ]);
  });
});
