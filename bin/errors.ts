// The errors of the command itself. What the registry and the other parts refuse keeps their own codes.
import type { ErrorTable } from "@sluice/abi";

export const BIN_ERRORS = {
  usage: {
    code: "SLUICE-E5001",
    meaning: "The command line cannot be understood.",
    hint: "Run the command with --help; it lists what it takes.",
  },
  fileUnreadable: {
    code: "SLUICE-E5002",
    meaning: "A file named on the command line cannot be read.",
    hint: "Check the path; relative paths start at the working folder.",
  },
  unreachable: {
    code: "SLUICE-E5003",
    meaning: "The registry did not answer.",
    hint: "Start it with `sluice up` or `sluice registry`, or name another with --registry or SLUICE_REGISTRY.",
  },
  noToken: {
    code: "SLUICE-E5004",
    meaning: "No token for the registry was found.",
    hint: "Set SLUICE_TOKEN, or run in the folder whose .sluice/admin.token the registry wrote at its first start.",
  },
  badAnswer: {
    code: "SLUICE-E5005",
    meaning: "The registry answered something that is not its protocol.",
    hint: "Check that the address is a Sluice registry of this version and not another server.",
  },
  portInUse: {
    code: "SLUICE-E5006",
    meaning: "An address to listen on is taken.",
    hint: "Stop what listens there, or choose another address with the option of the same name.",
  },
  notReady: {
    code: "SLUICE-E5007",
    meaning: "A part that was started did not become ready in time, or ended at once.",
    hint: "Its last lines stand above this message; `sluice validate` checks the machine's document.",
  },
  unknownSlot: {
    code: "SLUICE-E5008",
    meaning: "The deployment has no slot of that name.",
    hint: "`sluice status` lists the slots; --add makes a new one.",
  },
  slotExists: {
    code: "SLUICE-E5009",
    meaning: "--add names a slot that the deployment already has.",
    hint: "Leave --add out to change that slot, or choose another name.",
  },
  unknownVersion: {
    code: "SLUICE-E5010",
    meaning: "The filter has no version with that tag or digest.",
    hint: "`sluice list FILTER` shows its versions; `sluice push` adds one.",
  },
  fleetLags: {
    code: "SLUICE-E5011",
    meaning: "The deployment is stored, but not every connected proxy applied it in time.",
    hint: "`sluice status` shows who refused it and why; `sluice rollback SLOT` takes it back.",
  },
  noModule: {
    code: "SLUICE-E5012",
    meaning: "There is no built module to work on.",
    hint: "Run `sluice build` in the filter's folder first, or name a .wasm file.",
  },
  testsFailed: {
    code: "SLUICE-E5013",
    meaning: "A filter's tests or request files failed.",
    hint: "Each failed case stands above with what was expected and what came.",
  },
  configNeeded: {
    code: "SLUICE-E5014",
    meaning: "A new slot's filter has a configuration schema, and no configuration was given.",
    hint: "Write the configuration to a file and name it with --config FILE; {} is one, where the schema allows it.",
  },
  notReplaced: {
    code: "SLUICE-E5015",
    meaning: "A replacement of a proxy's workers stopped at one that could not be replaced.",
    hint: "All serve as they did; the proxy's log says more. Ask again when that is mended.",
  },
  fileExists: {
    code: "SLUICE-E5030",
    meaning: "A file to be written is there already.",
    hint: "Choose another name, or move the old file away: nothing is overwritten.",
  },
  backupBroken: {
    code: "SLUICE-E5031",
    meaning: "A backup could not be received or written whole; the unfinished file was removed.",
    hint: "Check the connection and the disk, then take it again.",
  },
  fileNotWritable: {
    code: "SLUICE-E5032",
    meaning: "A file that a command is to write cannot be made; nothing was asked of the proxy.",
    hint: "Name a file in a folder that is there and that you may write to.",
  },
  devNotLocal: {
    code: "SLUICE-E5040",
    meaning: "`sluice dev` was pointed at a registry on another machine.",
    hint: "Every save serves at once, so it works on 127.0.0.1, ::1 and localhost only; `sluice push` and `deploy` reach other registries.",
  },
  devRenamed: {
    code: "SLUICE-E5041",
    meaning: "The filter's name in filter.yaml changed while `sluice dev` ran.",
    hint: "Put the name back, or stop `sluice dev` and start it again for the new one.",
  },
} as const satisfies ErrorTable;
