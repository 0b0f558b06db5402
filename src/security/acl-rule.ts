export type AclAccess = "read" | "write" | "readwrite";

/** What a client may do with the topics of a filter. */
export interface AclRule {
  readonly access: AclAccess;
  readonly filter: string;
}

/** The rights of one client. */
export interface AclSection {
  /** What the client is, for people. */
  readonly title: string;
  /** The name that the broker knows it by. */
  readonly user: string;
  readonly rules: readonly AclRule[];
}

/** One rule for each filter: reading and writing the same topics are one. */
export function mergeRules(rules: readonly AclRule[]): readonly AclRule[] {
  const byFilter = new Map<string, AclAccess>();
  for (const { access, filter } of rules) {
    const before = byFilter.get(filter);
    byFilter.set(filter, before === undefined || before === access ? access : "readwrite");
  }
  return [...byFilter].map(([filter, access]) => ({ access, filter }));
}
