// What a comparison of a primary with its copy tells: the record of a mirror is made of this by the observer.

/** `answered`: whole. `failed`: not reached, broken off, not HTTP, or too late. `cut`: given up on our side. */
export type MirrorOutcome = "answered" | "failed" | "cut";

export interface MirrorFacts {
  readonly slot: string;
  readonly cluster: string;
  /** null while the copy is under way. */
  readonly outcome: MirrorOutcome | null;
  /** 0 when no head came. */
  readonly status: number;
  /** From the head's copy to the end of the answer, or to the copy's end without one. */
  readonly durationUs: number;
  readonly primary: PrimaryFacts | null;
}

export interface PrimaryFacts {
  /** The primary's x-request-id, which its copy carries too. */
  readonly id: string;
  readonly status: number;
  readonly durationUs: number;
}
