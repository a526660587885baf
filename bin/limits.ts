// The bounds of the command: how long it waits for others.

/** One call to the registry; a push may compile and try a module for 10 s. */
export const registryTimeoutMs = 60_000;
/** How long `deploy` and `rollback` wait for the connected proxies. */
export const fleetWaitMs = 30_000;
/** Between two looks at the fleet: short against the 100 ms in which a deployment takes effect. */
export const fleetPollMs = 25;
/** Between two looks of `status --watch`; proxies tell their counters about as often. */
export const statusWatchMs = 1_000;
/** From starting a part to its being ready. */
export const startWaitMs = 30_000;
export const startPollMs = 50;
/** From SIGTERM to SIGKILL for the processes `up` and `proxy` started. */
export const stopWaitMs = 15_000;
/** Characters of one server-sent event. */
export const eventCharsMax = 1024 * 1024;
