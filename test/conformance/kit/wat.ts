// WebAssembly text to a module's bytes, with names, so that failures say where.
import wabtFactory from "wabt";

const wabt = await wabtFactory();

export function assemble(text: string): Uint8Array {
  const module = wabt.parseWat("fixture.wat", text, { bulk_memory: true });
  try {
    module.validate();
    return module.toBinary({ write_debug_names: true }).buffer;
  } finally {
    module.destroy();
  }
}

/** A guest of this text and the parts that every one has. */
export function guestModule(body: string, abi = "0_2_1"): Uint8Array {
  return assemble(`(module ${body}
    (memory (export "memory") 1)
    (func (export "proxy_abi_version_${abi}")))`);
}
