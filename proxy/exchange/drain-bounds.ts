/** How a server, or a whole worker, leaves its traffic. */
export interface DrainBounds {
  /** What is still under way after this is cut. */
  readonly deadlineMs: number;
  /** Idle connections may ask once more within this time; 0 closes them at once. */
  readonly idleMs: number;
}

/** What became of the streams that held a snapshot. */
export interface LetGo {
  /** They went on without it. */
  detached: number;
  cut: number;
}
