// Prints the reference page of the ABI for people who write filters or SDKs.
import { ANY, CALLBACKS } from "../callbacks.ts";
import { ENUMS } from "../enums.ts";
import { HOSTCALLS } from "../hostcalls.ts";
import { POLICY_CALLBACKS, POLICY_HOSTCALLS, POLICY_MARKER, POLICY_MODULE } from "../policy.ts";
import {
  ABI_VERSIONS,
  DEFAULT_CAPABILITIES,
  wireParams,
  type CallbackRow,
  type EnumRow,
  type HostcallRow,
  type WasiRow,
} from "../row.ts";
import { ENV_FUNCTIONS, WASI_FUNCTIONS, WASI_MODULES } from "../wasi.ts";
import { GENERATED_BY, type GeneratedFile } from "./generated-file.ts";

/** docs/reference/abi.md */
export function printReference(): GeneratedFile {
  const text = [
    `<!-- ${GENERATED_BY} -->`,
    "# The ABI",
    "",
    "What a filter imports and exports: proxy-wasm 0.1.0, 0.2.0 and 0.2.1, the policy extension, and WASI.",
    "A name that is not listed here refuses the module.",
    "",
    `Capability families are granted per revision; without a word: ${DEFAULT_CAPABILITIES.join(", ")}. *always* needs no grant.`,
    "A hostcall that is not granted answers InternalFailure.",
    "",
    "*In a check* says what a call does to a check whose verdict shall be kept: *tracked* inputs are remembered with it, an *impure* one",
    "makes this run unkept, a *replayable* effect is done again when the kept verdict is used, a *forbidden* one is refused.",
    "",
    "## Callbacks of proxy-wasm",
    "",
    ...CALLBACKS.flatMap(printCallback),
    "## Hostcalls of proxy-wasm (module `env`)",
    "",
    ...HOSTCALLS.flatMap(printHostcall),
    "## The policy extension",
    "",
    `A module that exports the function \`${POLICY_MARKER}\` takes part in check and report. Its hostcalls are imported from \`${POLICY_MODULE}\`.`,
    "",
    ...POLICY_CALLBACKS.flatMap(printCallback),
    ...POLICY_HOSTCALLS.flatMap(printHostcall),
    "## Enums",
    "",
    ...ENUMS.map(printEnum),
    "",
    `## WASI (modules \`${WASI_MODULES.join("`, `")}\`)`,
    "",
    "Every function links. Those with an answer in the table always give it; the others do what is said.",
    "",
    ...printWasiTable(WASI_FUNCTIONS),
    "## Compilers' helpers (module `env`)",
    "",
    ...printWasiTable(ENV_FUNCTIONS),
  ].join("\n");
  return { path: "docs/reference/abi.md", text };
}

function printCallback(row: CallbackRow): string[] {
  const older = Object.entries(row.paramsIn ?? {}).map(
    ([version, params]) => ` In ${version}: \`(${params.join(", ")})\`.`,
  );
  const versions = row.module === "env" ? `ABI ${versionsText(row.versions)} · ` : "";
  return [
    `### ${row.name}`,
    "",
    `\`(${row.params.join(", ")})${row.result === null ? "" : ` → ${row.result}`}\` · ${versions}${row.context} context`,
    "",
    `${row.prose}${older.join("")}`,
    "",
  ];
}

function printHostcall(row: HostcallRow): string[] {
  const params = wireParams(row.params).map(({ name, type }) => (type === "i32" ? name : `${name}: ${type}`));
  const versions = row.module === "env" ? `ABI ${versionsText(row.versions)} · ` : "";
  return [
    `### ${row.name}`,
    "",
    `\`(${params.join(", ")}) → Status\` · ${versions}capability ${row.family} · in a check: ${effectText(row)}`,
    "",
    `${row.prose}${enumsText(row)}`,
    "",
    `Answers ${row.statuses.join(", ")}. Callable in ${placesText(row.callbacks)}.`,
    "",
  ];
}

function versionsText(versions: readonly string[]): string {
  return versions.length === ABI_VERSIONS.length ? "all" : versions.join(", ");
}

function effectText({ effect, exception }: HostcallRow): string {
  return exception === undefined ? effect : `${effect} (${exception.effect} for ${exception.values.join(", ")})`;
}

function enumsText({ params }: HostcallRow): string {
  const named = params.filter((param) => param.enum !== undefined);
  return named.map((param) => ` \`${param.name}\` is a [${param.enum}](#${param.enum!.toLowerCase()}).`).join("");
}

function placesText(callbacks: readonly string[]): string {
  const moments = callbacks.filter((name) => !(ANY as readonly string[]).includes(name));
  const rest = callbacks.filter((name) => (ANY as readonly string[]).includes(name));
  const missing = ANY.filter((name) => !rest.includes(name));
  const places = missing.length === 0 ? ["every callback"] : rest.map((name) => `\`${name}\``);
  return [...places, ...moments.map((moment) => `the ${moment} function`)].join(", ");
}

function printEnum({ name, values, prose }: EnumRow): string {
  const list = Object.entries(values).map(([member, value]) => `${value} ${member}`);
  return `### ${name}\n\n${prose}\n\n${list.join(" · ")}\n`;
}

function printWasiTable(rows: readonly WasiRow[]): string[] {
  const lines = rows.map((row) => {
    const params = wireParams(row.params).map(({ name, type }) => (type === "i32" ? name : `${name}: ${type}`));
    const result = row.result === null ? "" : ` → ${row.result}`;
    return `| \`${row.name}(${params.join(", ")})${result}\` | ${row.fixed ?? ""} | ${row.family} | ${row.effect} | ${row.prose} |`;
  });
  return ["| function | answer | capability | in a check | |", "|---|---|---|---|---|", ...lines, ""];
}
