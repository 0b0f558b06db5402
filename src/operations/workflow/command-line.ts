import { type Fault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";

/** The words of a command line, program first, at least one. */
export type CommandLine = readonly [program: string, ...args: readonly string[]];

/**
 * Splits a command line as a POSIX shell splits words (XCU 2.2): quotes and backslashes count; variables, globs, pipes and `~` are plain text.
 * Code `invalid-script`, with the texts of spec/operations §3.7.
 */
export function parseCommandLine(text: string): Result<CommandLine, Fault<"invalid-script">> {
  const words = splitWords(text);
  if (words === undefined) return err(fault("invalid-script", `invalid script: ${text}: missing closing quote`));
  const [program, ...args] = words;
  if (program === undefined || program === "") return err(fault("invalid-script", "invalid script: empty"));
  return ok([program, ...args]);
}

/** A command line that splits into these words again. */
export function formatCommandLine(words: readonly string[]): string {
  return words.map((word) => (PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}

const PLAIN_WORD = /^[\w@%+=:,./-]+$/;

/** One piece of a word: `'…'`, `"…"`, a backslash with the character behind it, or plain characters. */
const PIECE = /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\]+)/y;
const BLANKS = /\s*/y;

function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < text.length) {
    const blanks = matchAt(BLANKS, text, at)?.[0].length ?? 0;
    if (blanks > 0) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at += blanks;
      continue;
    }
    const piece = matchAt(PIECE, text, at);
    if (piece === undefined) return undefined;
    const continuation = piece[3] === "\n";
    if (!continuation) word = (word ?? "") + pieceText(piece);
    at += piece[0].length;
  }
  if (word !== undefined) words.push(word);
  return words;
}

function pieceText([, single, double, escaped, plain]: RegExpExecArray): string {
  return single ?? double?.replace(/\\(\n|[$`"\\])/g, dropBackslash) ?? escaped ?? plain ?? "";
}

function dropBackslash(_match: string, character: string): string {
  return character === "\n" ? "" : character;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}
