// The entry of the proxy process: reads arguments and signals, starts a ProxyProcess, says in one sentence why it could
// not start.

import { parseArgs } from "node:util";
import { SluiceError } from "@sluice/abi";
import { ProxyProcess } from "./proxy-process.ts";
import { OwnSockets, SupervisorLink } from "./supervisor-link.ts";

/** Tells the supervisor that starting again would not help. */
const EXIT_HOPELESS = 78;

const { values } = parseArgs({
  options: {
    config: { type: "string", default: "sluice.yaml" },
    without: { type: "string", default: "0" },
    watch: { type: "boolean", default: false },
  },
});
const isSupervised = process.send !== undefined;
let proxy: ProxyProcess | null = null;

const stop = (isAbandoned = false): void => {
  if (proxy === null) process.exit(0);
  void proxy.stop(isAbandoned).then(() => process.exit(0));
};
/** The second signal ends at once, for people in a hurry. Under a supervisor it is the supervisor who counts. */
const signalled = (): void => {
  if (proxy?.isDraining === true && !isSupervised) process.exit(1);
  stop();
};

// Ctrl-C reaches the whole group: under a supervisor the word to stop is the supervisor's.
process.on("SIGINT", () => isSupervised || signalled());
process.on("SIGTERM", signalled);
process.on("SIGHUP", () => void proxy?.reloadBecause("SIGHUP"));

try {
  const sockets = isSupervised ? new SupervisorLink(process, stop) : new OwnSockets();
  const { config: configFile, watch } = values;
  proxy = await ProxyProcess.open({ configFile, without: Number(values.without), watch, sockets, stop });
} catch (error) {
  if (!(error instanceof SluiceError)) throw error;
  process.stderr.write(`${error.message}\n${error.hint}\n${error.code}\n`);
  process.exit(EXIT_HOPELESS);
}
