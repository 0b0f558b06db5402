/** The first thing that is wrong with a JSON text, and where: lines from 1, columns in bytes. */
export interface JsonFlaw {
  readonly reason: string;
  readonly line: number;
  readonly column: number;
}

/** `trailing comma at line 1 column 8`, as the reference's parser tells it. */
export function describeFlaw({ reason, line, column }: JsonFlaw): string {
  return `${reason} at line ${line} column ${column}`;
}

/**
 * At most `length` characters of the text from where the flaw is. As the reference does, the column is taken for a number of
 * characters, and every line ends with a line feed.
 */
export function flawExcerpt(text: string, { line, column }: JsonFlaw, length: number): string {
  let excerpt = "";
  let toSkip = Math.max(0, column - 1);
  let left = length;
  for (const character of linesFrom(text, line)) {
    if (toSkip > 0) toSkip -= 1;
    else if (left > 0) {
      excerpt += character;
      left -= 1;
    } else break;
  }
  return excerpt;
}

function* linesFrom(text: string, line: number): Generator<string> {
  let start = 0;
  for (let skipped = 1; skipped < line; skipped += 1) {
    const end = text.indexOf("\n", start);
    if (end < 0) return;
    start = end + 1;
  }
  while (start < text.length) {
    const end = text.indexOf("\n", start);
    yield* end < 0 ? text.slice(start) : text.slice(start, text[end - 1] === "\r" ? end - 1 : end);
    yield "\n";
    if (end < 0) return;
    start = end + 1;
  }
}
