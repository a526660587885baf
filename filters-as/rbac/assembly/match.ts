// How far a condition is from holding. Four values in one order, so that "all of" is the least and "any of" the greatest,
// and a rule's outcome never depends on the order its conditions are written in.

export enum Match {
  No = 0,
  /** The host could not tell. Counts against the request: a DENY rule denies, an ALLOW rule does not allow. */
  Failed = 1,
  /** It hangs on an absent attribute, and the rule says `ifAbsent: deny`. */
  Absent = 2,
  Yes = 3,
}
