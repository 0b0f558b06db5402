import {
  lineEnd,
  lineStart,
  outlineToml,
  type Range,
  startsWith,
  type TomlEntry,
  type TomlOutline,
  type TomlSection,
} from "./toml-outline.ts";

/** Takes out a key, or a table with everything below it, and the headers that have nothing left. */
export function removal(outline: TomlOutline, path: readonly string[]): string {
  const emptied: TomlSection[] = [];
  const ranges = outline.sections.flatMap((section): Range[] => {
    const whole = section.path.length > 0 && startsWith(section.path, path);
    if (whole) return [wholeSection(outline, section)];
    const gone = section.entries.filter((entry) => startsWith(entry.path, path));
    if (gone.length > 0 && gone.length === section.entries.length) emptied.push(section);
    return [
      ...gone.map((entry) => lines(outline.text, entry.range)),
      ...section.entries.flatMap((entry) => memberRanges(entry, path)),
    ];
  });
  const text = cut(outline.text, ranges);
  return emptied.reduce((left, section) => withoutBareHeader(left, section.path), text);
}

/** From the header to its last entry; comments that follow may belong to what comes next. */
function wholeSection({ text }: TomlOutline, section: TomlSection): Range {
  const last = section.entries.at(-1);
  const end = last === undefined ? section.bodyStart : lineEnd(text, last.range[1]);
  return withBlankLines(text, [section.start, end], section.end);
}

/** The ranges of members of inline tables, each with one comma. */
function memberRanges(entry: TomlEntry, path: readonly string[]): Range[] {
  const members = entry.members ?? [];
  return members.flatMap((member, index): Range[] => {
    if (!startsWith(member.path, path)) return memberRanges(member, path);
    const next = members[index + 1];
    const previous = members[index - 1];
    if (next !== undefined) return [[member.range[0], next.range[0]]];
    return [[previous?.range[1] ?? member.range[0], member.range[1]]];
  });
}

function withoutBareHeader(text: string, path: readonly string[]): string {
  if (path.length === 0) return text;
  const section = outlineToml(text).sections.find((one) => one.path.join("\0") === path.join("\0"));
  if (section === undefined || text.slice(section.bodyStart, section.end).trim() !== "") return text;
  if (text.slice(section.start, section.bodyStart).includes("#")) return text;
  return cut(text, [withBlankLines(text, [section.start, section.bodyStart], section.end)]);
}

/** A section goes with the blank lines behind it, or, at the end of the text, with the one before it. */
function withBlankLines(text: string, [start, end]: Range, limit: number): Range {
  const blank = /^(?:[ \t]*\r?\n)*/.exec(text.slice(end, limit))?.[0].length ?? 0;
  if (end + blank < text.length) return [start, end + blank];
  const before = /(?<=^|\n)\r?\n$/.exec(text.slice(0, start))?.[0].length ?? 0;
  return [start - before, text.length];
}

function lines(text: string, [start, end]: Range): Range {
  return [lineStart(text, start), lineEnd(text, end)];
}

function cut(text: string, ranges: readonly Range[]): string {
  let left = "";
  let from = 0;
  for (const [start, end] of [...ranges].sort(([first], [second]) => first - second)) {
    if (end <= from) continue;
    left += text.slice(from, Math.max(from, start));
    from = end;
  }
  return left + text.slice(from);
}
