import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { parseFilterDocument, parseRequests, runRequests } from "@sluice/abi";
import { buildGuests } from "./build.ts";
import { CASES } from "./cases.ts";
import type { BehaviourCase } from "./cases.ts";
import { GUESTS } from "./guests.ts";
import type { Guest } from "./guests.ts";
import { onlyNamed } from "./expectation.ts";
import { metered, observeCase, unmetered } from "./observe-case.ts";
import type { Observation } from "./observe-case.ts";
import { observeConnection } from "./observe-connection.ts";
import { TCP_CASES } from "./tcp-cases.ts";

const FILTER = parseFilterDocument(
  "apiVersion: sluice/v1\nkind: Filter\nname: behaviour\ncapabilities: [timer, sharedData, queue]\nexampleConfig: { label: red }\n",
);
const LABELLED = parseRequests(`
apiVersion: sluice/v1
kind: Requests
cases:
  - name: sees its label
    request: { headers: [[x-behaviour, configuration]] }
    expect: { requestHeaders: { x-label: red } }
`);

const modules = await buildGuests();

afterAll(() => {
  for (const module of modules.values()) if ("missing" in module) console.log(`skipped: ${module.missing}`);
});

for (const guest of GUESTS) {
  const module = modules.get(guest.name)!;
  if ("missing" in module) describe.skip(guest.title, () => it("passes the table", () => {}));
  else describe(guest.title, () => passesTheTable(guest, new Uint8Array(readFileSync(module.file))));
}

function passesTheTable(guest: Guest, bytes: Uint8Array): void {
  const artifact = metered(bytes);
  const original = unmetered(artifact, bytes);
  const served = CASES.filter(({ needs }) => needs === undefined || guest.lacks[needs] === undefined);

  it("is told by inspection for what it is", () => {
    expect(artifact.inspection).toMatchObject({ abi: guest.abi, language: guest.language, resettable: true });
  });

  it("is found under its filter's name by the runner of request files", () => {
    const { cases } = runRequests(artifact, LABELLED, { filter: FILTER });
    expect(cases.map(({ failures }) => failures)).toEqual([[]]);
  });

  for (const [ability, { because, name }] of Object.entries(guest.lacks)) {
    it(`lacks ${ability}: ${because}`, () => {
      const { imports, callbacks } = artifact.inspection;
      expect([...imports.map((one) => one.name), ...callbacks]).not.toContain(name);
    });
  }

  for (const tcpCase of guest.lacks.tcp === undefined ? TCP_CASES : []) {
    it(`${tcpCase.name} (TCP)`, () => {
      const { transcript, logs } = tcpCase;
      expect(observeConnection(artifact, tcpCase, "shared")).toEqual({ transcript, logs });
      expect(observeConnection(artifact, tcpCase, "stream")).toEqual({ transcript, logs });
      expect(observeConnection(original, tcpCase, "shared"), "without a meter").toEqual({ transcript, logs });
    });
  }

  for (const behaviourCase of served) {
    it(behaviourCase.name, () => {
      const shared = observeCase(artifact, behaviourCase, "shared");
      meets(shared, behaviourCase);
      if (behaviourCase.sharedOnly !== true) meets(observeCase(artifact, behaviourCase, "stream"), behaviourCase);
      expect(observeCase(artifact, behaviourCase, "shared"), "the same again, and the fuel").toEqual(shared);
      const plain = observeCase(original, behaviourCase, "shared");
      expect(plain.map(withoutFuel), "the same without a meter").toEqual(shared.map(withoutFuel));
    });
  }
}

function meets(observations: readonly Observation[], { steps }: BehaviourCase): void {
  const expected = steps.map(({ expect: wanted }) => ({ traps: null, ...wanted }));
  const seen = observations.map(({ logs, failure, ...rest }, at) => ({
    ...rest,
    logs: known(logs, expected[at]!.logs),
    traps: wordsOf(failure, expected[at]!.traps ?? ""),
  }));
  expect(seen.map((observation, at) => onlyNamed(observation, expected[at]))).toEqual(expected);
}

/** The words that were wanted when the guest trapped with them. */
function wordsOf(failure: Observation["failure"], wanted: string): string | null {
  if (failure === null) return null;
  return failure.cause === "trap" && failure.message.includes(wanted) ? wanted : failure.message;
}

/** A plain module has none; where its failures happened is said in offsets of its own. */
function withoutFuel({ failure, ...rest }: Observation): object {
  return { ...rest, fuel: 0, failed: failure?.cause ?? null };
}

/** What an SDK says of itself is not part of the table. */
function known(logs: readonly string[], expected: readonly string[] = []): readonly string[] {
  return logs.filter((line) => expected.includes(line));
}
