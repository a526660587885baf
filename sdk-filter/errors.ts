// The errors of building and testing filters. docs/errors.md is generated from this table.

import type { ErrorTable } from "@sluice/abi";

export const SDK_ERRORS = {
  notAFilterFolder: {
    code: "SLUICE-E4001",
    meaning: "The folder has no filter.yaml, so it is not a filter's folder.",
    hint: "Run the command in a folder made by `sluice init NAME`, or name that folder.",
  },
  noEntry: {
    code: "SLUICE-E4002",
    meaning: "The filter has no assembly/index.ts, which is where its source begins.",
    hint: "Put the filter's class into assembly/index.ts; `sluice init NAME` shows the shape.",
  },
  doesNotCompile: {
    code: "SLUICE-E4003",
    meaning: "The AssemblyScript compiler refused the source.",
    hint: "The message names file and line. NOT-TYPESCRIPT.md in a folder made by `sluice init` lists what differs from TypeScript.",
  },
  foreignImport: {
    code: "SLUICE-E4004",
    meaning: "The module would import a function that no proxy has.",
    hint: "Use the SDK's classes for clock, randomness and logs instead of Date, Math.random and bindings.",
  },
  schemaNotSupported: {
    code: "SLUICE-E4005",
    meaning: "The configuration schema uses something that the generated decoder cannot read.",
    hint: "Use objects with named properties, arrays, strings, whole numbers, numbers, booleans and enums of strings.",
  },
  folderExists: {
    code: "SLUICE-E4006",
    meaning: "The folder for the new filter exists and is not empty.",
    hint: "Choose another name, or remove the folder first.",
  },
  badName: {
    code: "SLUICE-E4007",
    meaning: "The filter's name is not allowed.",
    hint: "Use lower-case letters, digits and inner dashes, at most 63 characters: my-filter.",
  },
  noExport: {
    code: "SLUICE-E4008",
    meaning: "filter.yaml requires a callback that the source does not provide.",
    hint: "Override the method (requires: [check] wants `check`), or take the word out of `requires`.",
  },
  configurationRefused: {
    code: "SLUICE-E4009",
    meaning: "The filter under test refused its configuration or trapped while it started.",
    hint: "The message carries what the filter logged; mend the configuration or the filter's `configure`.",
  },
  sdkNotFound: {
    code: "SLUICE-E4010",
    meaning: "The new filter's folder lies where the SDK cannot be found.",
    hint: "Make the folder inside a checkout of Sluice, or below a folder where @sluice/sdk-filter is installed.",
  },
  noRequests: {
    code: "SLUICE-E4011",
    meaning: "There is no request file to test the filter with.",
    hint: "Write one into requests/ and name it in filter.yaml (`requests: [requests/*.yaml]`), or name files on the command line.",
  },
  fileUnreadable: {
    code: "SLUICE-E4012",
    meaning: "A module or a request file that was named cannot be read.",
    hint: "Check the path; it is relative to the folder the command runs in.",
  },
  requestsOutside: {
    code: "SLUICE-E4013",
    meaning: "filter.yaml names request files outside its folder; a push would send them to the registry.",
    hint: "Keep request files in the filter's folder and name them relative to it: `requests: [requests/*.yaml]`.",
  },
  noAsPect: {
    code: "SLUICE-E4020",
    meaning: "Specs written in AssemblyScript are to be run, and the packages that run them are missing.",
    hint: "docs/authors.md says how to install as-pect beside this compiler; or move the specs out of assembly/.",
  },
} as const satisfies ErrorTable;
