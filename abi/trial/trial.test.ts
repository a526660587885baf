import { afterAll, describe, expect, it } from "vitest";
import type { SluiceError } from "../errors.ts";
import { prepareModule } from "../module/artifact.ts";
import { filter } from "../module/fixtures/wat.ts";
import { inspect } from "../module/inspect.ts";
import { errorOf } from "../module/refusal.ts";
import { GuestText } from "../stream/fixtures/guest-text.ts";
import { parseFilterDocument } from "../requests/filter-document.ts";
import { ModuleTrials, tryModule } from "./trial.ts";
import type { TrialInput } from "./trial-report.ts";

const POLICY = `(func (export "sluice_policy_abi_version_1"))`;
const ALLOWS = `${POLICY} (func (export "policy_on_check") (param i32) (result i32) (i32.const 1))`;
const CONFIGURE = (body: string): string => `(func (export "proxy_on_configure") (param i32 i32) (result i32) ${body})`;

const REQUESTS = `
apiVersion: sluice/v1
kind: Requests
pluginConfig: x
cases:
  - name: it is allowed
    request: { path: / }
    expect: { verdict: { kind: allow } }
`;

function trialOf(module: Uint8Array, rest: Partial<TrialInput> = {}): TrialInput {
  return { module, pluginConfig: null, filter: null, requests: [], ...rest };
}

const trials = new ModuleTrials({ wallMs: 3_000 });
afterAll(() => trials.close());

describe("tryModule", () => {
  it("reports inspection, configuration and the fuel of each case", async () => {
    const report = await tryModule(
      trialOf(filter(ALLOWS), { requests: [{ file: "requests/a.yaml", text: REQUESTS }] }),
    );
    expect(report).toMatchObject({
      ok: true,
      refusal: null,
      configured: true,
      inspection: { abi: "0.2.1", policyAbi: true },
    });
    expect(report.requests).toEqual([
      { file: "requests/a.yaml", name: "it is allowed", ok: true, fuel: report.fuelMax, failures: [] },
    ]);
    expect(report.fuelMax).toBeGreaterThan(0);
    expect(report.compileMs).toBeGreaterThan(0);
  });
});

describe("A trial of a filter that asks clusters", () => {
  const asks = new GuestText();
  const answered = [asks.whenFailed(asks.completeCheck(2), "(return)"), asks.completeCheck(1)];
  const module = asks
    .on("configure", asks.call("/early"))
    .on("check", asks.keepStream(), asks.call("/check"), asks.result(4))
    .on("answer", asks.actOnStream(), ...answered)
    .module();
  const document = "apiVersion: sluice/v1\nkind: Filter\nname: asks\ncapabilities: [callout]\n";
  const requests = (answer: string, kind: string): TrialInput["requests"] => [
    {
      file: "a.yaml",
      text: `apiVersion: sluice/v1
kind: Requests
cases: [{ name: asks, request: {}, callouts: [{ cluster: auth, ${answer} }], expect: { verdict: { kind: ${kind} } } }]`,
    },
  ];

  it.each([
    ["is answered", "response: { status: 200 }", "allow", null],
    ["hears of no answer", "fail: timeout", "deny", null],
    ["expects another", "fail: refused", "allow", "SLUICE-E1124"],
  ])("that %s runs its request files", async (_name, answer, kind, refusal) => {
    const filter = parseFilterDocument(document);
    const report = await trials.try(trialOf(module, { filter, requests: requests(answer, kind) }));
    expect(report.refusal?.code ?? null).toBe(refusal);
    expect(report.requests).toHaveLength(1);
  });
});

describe("A refusal", () => {
  it.each([
    ["an unknown import", filter(`(import "wbg" "__wbg_log" (func))`)],
    ["a feature", filter(`(func $f (return_call $f))`)],
    ["a compile bomb", filter(`(func (local ${"i32 ".repeat(2_001)}))`)],
  ])("of %s is the same data from inspect, prepareModule and the trial's child", async (_name, module) => {
    const result = inspect(module);
    if (result.ok) throw new Error("the module was not refused");
    const { refusal } = result;
    expect(Object.keys(refusal).toSorted()).toEqual(["code", "hint", "message"]);
    expect((await trials.try(trialOf(module))).refusal).toEqual(refusal);
    expect(thrownBy(() => prepareModule(module))).toEqual(refusal);
    expect(errorOf(refusal).toJSON()).toEqual(refusal);
  });
});

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return (error as SluiceError).toJSON();
  }
}

const FOREVER = "(loop $l (br $l))";

describe("ModuleTrials", () => {
  it.each([
    {
      name: "what inspection refuses",
      module: filter(`(import "env" "nobody" (func))`),
      code: "E1105",
      says: /env\.nobody/,
    },
    {
      name: "what is cheap to send and ruinous to compile",
      module: filter(`(func (export "f") (local ${"i32 ".repeat(1900)}) ${"nop ".repeat(8000)})`),
      code: "E1114",
      says: /keeps 1900 values/,
    },
    {
      name: "a configure that loops for ever, by its fuel",
      module: filter(CONFIGURE(`${FOREVER} (i32.const 1)`)),
      code: "E1202",
      says: /fuel/,
    },
    { name: "a configure that traps", module: filter(CONFIGURE("unreachable")), code: "E1202", says: /unreachable/ },
    {
      name: "a start function that loops for ever",
      module: filter(`(func (export "_initialize") ${FOREVER})`),
      code: "E1202",
      says: /fuel/,
    },
    {
      name: "a start section that traps",
      module: filter(`(func $s unreachable) (start $s)`),
      code: "E1202",
      says: /unreachable/,
    },
  ])("refuses $name", async ({ module, code, says }) => {
    const { refusal } = await trials.try(trialOf(module));
    expect(refusal!.message).toMatch(says);
    expect(refusal!.code).toBe(`SLUICE-${code}`);
  });

  it("refuses a configuration that was given and is not taken", async () => {
    const input = trialOf(filter(CONFIGURE("(i32.const 0)")), { pluginConfig: Buffer.from("{}") });
    expect((await trials.try(input)).refusal!.code).toBe("SLUICE-E1203");
  });

  it("takes a filter that needs a configuration when none is there to give, and says so", async () => {
    const module = filter(CONFIGURE("(local.get 1)"));
    expect(await trials.try(trialOf(module))).toMatchObject({ ok: true, configured: false });
    const document = parseFilterDocument("apiVersion: sluice/v1\nkind: Filter\nname: a\nexampleConfig: { a: 1 }\n");
    expect(await trials.try(trialOf(module, { filter: document }))).toMatchObject({ ok: true, configured: true });
  });

  it("tries a module that starts above the default memory with what it starts with, unless a limit is given", async () => {
    const module = filter("", "300");
    expect(await trials.try(trialOf(module))).toMatchObject({ ok: true });
    const { refusal } = await trials.try(trialOf(module, { limits: { memoryBytes: 16 * 1024 * 1024 } }));
    expect(refusal!.code).toBe("SLUICE-E1110");
  });

  it("refuses a filter that does not do what its request files expect", async () => {
    const text = REQUESTS.replace("kind: allow }", "kind: deny }");
    const report = await trials.try(trialOf(filter(ALLOWS), { requests: [{ file: "a.yaml", text }] }));
    expect(report.refusal).toMatchObject({
      code: "SLUICE-E1124",
      message: expect.stringContaining('a.yaml, case "it is allowed"'),
    });
    expect(report.requests).toMatchObject([{ ok: false }]);
  });

  it("refuses a request file that cannot be read", async () => {
    const report = await trials.try(trialOf(filter(ALLOWS), { requests: [{ file: "a.yaml", text: "kind: Nothing" }] }));
    expect(report.refusal!.code).toBe("SLUICE-E1001");
  });

  it("kills what takes too long, and says what it was at", async () => {
    const slow = new ModuleTrials({ wallMs: 300 });
    const module = filter(`${CONFIGURE(`${FOREVER} (i32.const 1)`)}`);
    const { refusal } = await slow.try(trialOf(module, { limits: { fuel: 2 ** 52 } }));
    slow.close();
    // Start and configure have a fuel budget of their own, which lasts about that long; either bound is a refusal.
    expect(["SLUICE-E1121", "SLUICE-E1202"]).toContain(refusal!.code);
  });

  it("kills what takes too much memory, and says what it was at", async () => {
    const small = new ModuleTrials({ residentBytes: 1024 * 1024 });
    const { refusal } = await small.try(trialOf(filter(ALLOWS), { requests: manyCases() }));
    small.close();
    expect(refusal).toMatchObject({
      code: "SLUICE-E1122",
      message: expect.stringMatching(/more than 1 MiB while it was/),
    });
  });
});

/** Long enough for the watch to look. */
function manyCases(): TrialInput["requests"] {
  const cases = Array.from({ length: 100 }, (_, i) => `  - { name: c${i}, request: { path: / } }\n`).join("");
  const text = `apiVersion: sluice/v1\nkind: Requests\ncases:\n${cases}`;
  return Array.from({ length: 50 }, (_, i) => ({ file: `${i}.yaml`, text }));
}
