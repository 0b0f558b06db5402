/** The word that is most like a mistyped one, if any is near enough to be meant: at most two letters wrong, and less than a third. */
export function nearestWord(text: string, words: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let least = Math.min(3, text.length / 3 + 1);
  for (const word of words) {
    const distance = editDistance(text, word);
    if (distance < least) {
      least = distance;
      nearest = word;
    }
  }
  return nearest;
}

/** Letters to put in, take out or change to make one text of another (Levenshtein). */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}
