// Filters for the registry's tests, as WebAssembly text: as small as a filter can be, each different in one point.

import wabt from "wabt";

export interface TestModuleOptions {
  /** Makes modules differ that behave alike. */
  readonly mark?: number;
  /** Whether it exports policy_on_check. */
  readonly hasCheck?: boolean;
  /** The export that names the ABI. */
  readonly abiMarker?: string;
  /** Whether its root context traps when it is made. */
  readonly trapsAtStart?: boolean;
  /** An import from `env` besides none. */
  readonly imports?: string;
}

export async function testModule(options: TestModuleOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { parseWat } = await wabt();
  const parsed = parseWat("test-module.wat", moduleText(options));
  try {
    return Uint8Array.from(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}

function moduleText({
  mark = 0,
  hasCheck = false,
  abiMarker = "proxy_abi_version_0_2_1",
  imports,
  trapsAtStart = false,
}: TestModuleOptions): string {
  return `(module
  ${imports === undefined ? "" : `(import "env" "${imports}" (func))`}
  (memory (export "memory") 1)
  (global $mark i32 (i32.const ${mark}))
  (func (export "${abiMarker}"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024))
  (func (export "proxy_on_context_create") (param i32 i32) ${trapsAtStart ? "unreachable" : ""})
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 0))
  ${hasCheck ? CHECK : ""})`;
}

/** The smallest policy filter: its check allows. */
const CHECK = `(func (export "sluice_policy_abi_version_1"))
  (func (export "policy_on_check") (param i32) (result i32) (i32.const 0))`;
