#!/usr/bin/env node
// The `sluice` command's door. Plain JavaScript, so that an old Node can still read it and say what is wrong:
// everything behind it is TypeScript that Node 24 runs by stripping the types.

const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  console.error(
    `sluice needs Node 24 or newer, this is ${process.version}. ` +
      "In a checkout on Linux x64 use `npx sluice` or `npm start`, which bring their own; elsewhere install Node 24.",
  );
  process.exit(2);
}

// Keeps what stripping and compiling gave, so that every command but the first starts in half the time.
const { enableCompileCache } = await import("node:module");
enableCompileCache();

const { runCli } = await import("./cli.ts");
process.exitCode = await runCli(process.argv.slice(2));
