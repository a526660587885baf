// Who may do what, as data. A route names one act; a role holds a set of them. Nothing else decides about rights.

/** What a token or session is allowed to be. */
export const ROLES = ["viewer", "proxy", "author", "approver", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** One kind of call. Every route below /v1 names exactly one. */
export type Act =
  | "read" // lists, documents, proofs, events
  | "readBlob" // modules and manifests by digest
  | "watch" // a proxy's stream of deployments
  | "reportStatus" // a proxy's answer to a deployment
  | "push"
  | "tag"
  | "deploy"
  | "delete" // what nothing needs, for good
  | "backUp"; // everything at once: token hashes and the split secret too

const READERS: readonly Role[] = ["viewer", "author", "approver", "operator", "admin"];

const ROLES_OF_ACT: Readonly<Record<Act, readonly Role[]>> = {
  read: READERS,
  readBlob: [...READERS, "proxy"],
  watch: ["proxy", "admin"],
  reportStatus: ["proxy", "admin"],
  push: ["author", "admin"],
  tag: ["author", "admin"],
  deploy: ["operator", "admin"],
  delete: ["admin"],
  backUp: ["admin"],
};

export function mayDo(role: Role, act: Act): boolean {
  return ROLES_OF_ACT[act].includes(role);
}

/** All that a role may do, for a page that hides what would be refused. */
export function actsOf(role: Role): Act[] {
  return (Object.keys(ROLES_OF_ACT) as Act[]).filter((act) => mayDo(role, act));
}

/** The roles that may do `act`, for the message of a refusal. */
export function rolesFor(act: Act): readonly Role[] {
  return ROLES_OF_ACT[act];
}
