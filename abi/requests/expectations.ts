// What a case expected and did not get, as sentences that name expected and actual.

import type { RecordedCallout } from "../host/memory-callouts.ts";
import type { CalloutExpectation } from "./callout-document.ts";
import { messageBytes } from "./callout-script.ts";
import type { FieldExpectation } from "./message-schemas.ts";
import type { CaseExpectations } from "./request-document.ts";
import type { Field } from "./recorded-exchange.ts";
import type { CaseOutcome } from "./run-requests.ts";

/** Empty when the case passes. A filter that failed is a failure unless the case expects the verdict `error`. */
export function failedExpectations(expect: CaseExpectations, outcome: CaseOutcome): string[] {
  return [
    ...filterFailure(expect, outcome),
    ...verdictFailures(expect, outcome),
    ...valueFailure("status", expect.status, outcome.status),
    ...setFailure("reads", expect.reads, outcome.reads),
    ...fieldFailures(
      "requestHeaders",
      expect.requestHeaders,
      outcome.forwarded?.headers,
      "the request was not forwarded",
    ),
    ...fieldFailures(
      "responseHeaders",
      expect.responseHeaders,
      outcome.response?.headers,
      "nothing was sent to the client",
    ),
    ...logFailures(expect.logs, outcome.logs),
    ...mirrorFailures(expect.mirrors, outcome.mirrors),
    ...calloutFailures(expect.callouts, outcome.callouts),
    ...fuelFailure(expect.fuelMax, outcome.fuel),
  ];
}

function filterFailure(expect: CaseExpectations, { error }: CaseOutcome): string[] {
  if (error === null || expect.verdict?.kind === "error") return [];
  return [`the filter failed (${error.cause}): ${error.message}`];
}

function verdictFailures({ verdict }: CaseExpectations, outcome: CaseOutcome): string[] {
  if (verdict === undefined) return [];
  return [
    ...valueFailure("verdict.kind", verdict.kind, outcome.verdict.kind),
    ...valueFailure("verdict.code", verdict.code, outcome.verdict.code),
    ...valueFailure("verdict.reason", verdict.reason, outcome.verdict.reason),
  ];
}

function valueFailure(name: string, expected: unknown, actual: unknown): string[] {
  return expected === undefined || expected === actual
    ? []
    : [`${name}: expected ${told(expected)}, was ${told(actual)}`];
}

function setFailure(name: string, expected: readonly string[] | undefined, actual: readonly string[]): string[] {
  if (expected === undefined) return [];
  const same = actual.every((value) => expected.includes(value)) && expected.every((value) => actual.includes(value));
  return same ? [] : [`${name}: expected ${told(expected.toSorted())}, was ${told(actual.toSorted())}`];
}

function fieldFailures(
  name: string,
  expected: Readonly<Record<string, FieldExpectation>> | undefined,
  fields: readonly Field[] | undefined,
  withoutMessage: string,
): string[] {
  const wanted = Object.entries(expected ?? {});
  if (wanted.length === 0) return [];
  if (fields === undefined) return [`${name}: ${withoutMessage}`];
  return wanted.flatMap(([field, value]) => fieldFailure(`${name}.${field}`, value, valuesOf(fields, field)));
}

function fieldFailure(name: string, expected: FieldExpectation, actual: readonly string[]): string[] {
  const wanted = expected === null ? [] : typeof expected === "string" ? [expected] : expected;
  const same = wanted.length === actual.length && wanted.every((value, at) => value === actual[at]);
  return same ? [] : [`${name}: expected ${toldValues(wanted)}, was ${toldValues(actual)}`];
}

function valuesOf(fields: readonly Field[], name: string): string[] {
  const wanted = name.toLowerCase() === "host" ? ":authority" : name.toLowerCase();
  return fields.filter(([field]) => field === wanted).map(([, value]) => value);
}

function logFailures(expected: readonly string[] | undefined, actual: readonly string[]): string[] {
  if (expected === undefined) return [];
  const same = expected.length === actual.length && expected.every((line, at) => actual[at]!.includes(line));
  return same ? [] : [`logs: expected ${told(expected)}, was ${told(actual)}`];
}

function mirrorFailures(expected: CaseExpectations["mirrors"], actual: CaseOutcome["mirrors"]): string[] {
  if (expected === undefined) return [];
  const same =
    expected.length === actual.length &&
    expected.every((mirror, at) =>
      Object.entries(mirror).every(([field, value]) => actual[at]![field as keyof typeof mirror] === value),
    );
  return same ? [] : [`mirrors: expected ${told(expected)}, was ${told(actual)}`];
}

function calloutFailures(expected: CaseExpectations["callouts"], actual: readonly RecordedCallout[]): string[] {
  if (expected === undefined) return [];
  if (expected.length !== actual.length) {
    return [`callouts: expected ${expected.length}, were ${actual.length}: ${told(actual.map(calloutName))}`];
  }
  return expected.flatMap((callout, at) => calloutFailure(`callouts[${at}]`, callout, actual[at]!));
}

function calloutFailure(name: string, expected: CalloutExpectation, actual: RecordedCallout): string[] {
  const messages = expected.messages?.map((message) => Buffer.from(messageBytes(message)).toString("latin1"));
  const sent = actual.messages.map((message) => Buffer.from(message).toString("latin1"));
  return [
    ...valueFailure(`${name}.cluster`, expected.cluster, actual.cluster),
    ...valueFailure(`${name}.method`, expected.method, actual.method),
    ...valueFailure(`${name}.path`, expected.path, actual.path),
    ...fieldFailures(`${name}.headers`, expected.headers, actual.headers, ""),
    ...valueFailure(`${name}.body`, expected.body, actual.body),
    ...(messages === undefined ? [] : valueFailure(`${name}.messages`, told(messages), told(sent))),
    ...valueFailure(`${name}.outcome`, expected.outcome, actual.outcome),
  ];
}

/** What a case calls it: `POST /check of auth`. */
export function calloutName({ cluster, method, path }: RecordedCallout): string {
  return `${method} ${path} of ${cluster}`;
}

function fuelFailure(fuelMax: number | undefined, fuel: number): string[] {
  return fuelMax === undefined || fuel <= fuelMax ? [] : [`fuel: expected at most ${fuelMax}, was ${fuel}`];
}

function toldValues(values: readonly string[]): string {
  if (values.length === 0) return "absent";
  return values.length === 1 ? told(values[0]) : told(values);
}

function told(value: unknown): string {
  return value === null ? "none" : JSON.stringify(value);
}
