// Ctrl-C and SIGTERM as one promise, for commands that run until told to stop.

/** Resolves at the first SIGINT or SIGTERM. A second one ends the process at once, for people in a hurry. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isStopping = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (isStopping) process.exit(130);
      isStopping = true;
      resolve(signal);
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
  });
}
