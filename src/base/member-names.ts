/**
 * The names of the members of the outermost object of `text`, in order and with those that come twice, which `JSON.parse` hides.
 * `text` must be valid JSON.
 */
export function memberNames(text: string): string[] {
  const names: string[] = [];
  let depth = 0;
  let isNameNext = true;
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    else if (depth !== 1) continue;
    else if (token === ",") isNameNext = true;
    else if (isNameNext) {
      names.push(String(JSON.parse(token)));
      isNameNext = false;
    }
  }
  return names;
}

/** Strings first, so that brackets and commas inside them don't count. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;
