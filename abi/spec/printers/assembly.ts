// Prints the guest's side in AssemblyScript: the raw declarations of all hostcalls and the enums. The friendly layer
// over them is the SDK's.
import { ENUMS } from "../enums.ts";
import { HOSTCALLS } from "../hostcalls.ts";
import { POLICY_HOSTCALLS, POLICY_MARKER } from "../policy.ts";
import { wireParams, type EnumRow, type HostcallRow, type Param } from "../row.ts";
import { GENERATED_BY, type GeneratedFile } from "./generated-file.ts";

/** sdk-filter/assembly/generated/hostcalls.ts */
export function printAssemblyHostcalls(): GeneratedFile {
  const declarations = [...HOSTCALLS, ...POLICY_HOSTCALLS].map(declare);
  const text = [
    `// ${GENERATED_BY}`,
    "// Raw imports: pointers and statuses as the ABI has them.",
    "",
    ...declarations,
  ].join("\n");
  return { path: "sdk-filter/assembly/generated/hostcalls.ts", text };
}

/** sdk-filter/assembly/generated/enums.ts */
export function printAssemblyEnums(): GeneratedFile {
  const text = [
    `// ${GENERATED_BY}`,
    "",
    `// A module that takes part in check or report exports a function of this name: ${POLICY_MARKER}`,
    "",
    ...ENUMS.map(printEnum),
  ].join("\n");
  return { path: "sdk-filter/assembly/generated/enums.ts", text };
}

function declare(row: HostcallRow): string {
  const versions = row.module === "env" && row.versions.length < 3 ? ` ABI ${row.versions.join(", ")} only.` : "";
  const params = row.params.flatMap(assemblyParams).join(", ");
  return [
    `/** ${row.prose}${versions} */`,
    `// @ts-ignore: decorator`,
    `@external("${row.module}", "${row.name}")`,
    `export declare function ${row.name}(${params}): u32;`,
    "",
  ].join("\n");
}

function assemblyParams(param: Param): string[] {
  return wireParams([param]).map(({ name }) => `${name}: ${assemblyType(param, name)}`);
}

function assemblyType({ type }: Param, wireName: string): string {
  if (type === "u32" || type === "i32" || type === "u64" || type === "i64") return type;
  return wireName.endsWith("Size") ? "u32" : "usize";
}

function printEnum({ name, values, prose }: EnumRow): string {
  const members = Object.entries(values).map(([member, value]) => `  ${member} = ${value},`);
  return `/** ${prose} */\nexport enum ${name} {\n${members.join("\n")}\n}\n`;
}
