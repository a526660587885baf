// The bounds of `sluice dev`.

/** Nothing has happened for so long: a save is over. Editors' steps lie a few milliseconds apart. */
export const quietMs = 40;
/** How often a deployment is written anew when somebody else was faster. */
export const writeAttemptsMax = 5;
