/** What a request expects of the resource before it is served (RFC 9110 §13.1). */
export interface Preconditions {
  /** If-Match */
  readonly match?: TagList;
  /** If-None-Match */
  readonly noneMatch?: TagList;
}

/** Entity tags as they were written, or anything that is there. */
type TagList = "*" | readonly string[];

/** `failed`: 412. `known`: the client has what is there; 304 to a reading request, 412 to a changing one. */
export type Verdict = "go-on" | "failed" | "known";

/** `undefined` when the request expects nothing. A header without a tag in it matches nothing. */
export function readPreconditions(headers: Headers): Preconditions | undefined {
  const [match, noneMatch] = [tagList(headers.get("if-match")), tagList(headers.get("if-none-match"))];
  if (match === undefined && noneMatch === undefined) return undefined;
  return { ...(match === undefined ? {} : { match }), ...(noneMatch === undefined ? {} : { noneMatch }) };
}

/** `current` is the strong tag of what is there, `undefined` when nothing is (RFC 9110 §13.2.2). */
export function judgePreconditions({ match, noneMatch }: Preconditions, current: string | undefined): Verdict {
  if (match !== undefined && !names(match, current)) return "failed";
  return noneMatch !== undefined && names(weakened(noneMatch), current) ? "known" : "go-on";
}

function names(tags: TagList, current: string | undefined): boolean {
  return current !== undefined && (tags === "*" || tags.includes(current));
}

/** If-Match compares strongly: a weak tag never matches. If-None-Match does not see the difference. */
function weakened(tags: TagList): TagList {
  return tags === "*" ? tags : tags.map((tag) => tag.replace(/^W\//, ""));
}

function tagList(header: string | null): TagList | undefined {
  if (header === null) return undefined;
  return header.trim() === "*" ? "*" : [...header.matchAll(/(?:W\/)?"[^"]*"/g)].map(([tag]) => tag);
}
