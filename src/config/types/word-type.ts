import { ok, type Result } from "../../base/result.ts";
import { invalidValue, type ValueFault, type ValueType, wrongKind } from "../value-type.ts";

export interface WordOptions<Word extends string> {
  /** Other spellings that are read, in files and from people. */
  readonly aliases?: Readonly<Record<string, Word>>;
  /** How the reference's files spell the words; written so, that a device can move back. */
  readonly inFiles?: Readonly<Record<Word, string>>;
}

/** One of a few lower-case words. Files may spell them with capitals (spec/cli-and-config §3). */
export function wordType<const Words extends readonly string[]>(
  words: Words,
  options: WordOptions<Words[number]> = {},
): ValueType<Words[number]> {
  const known = new Map<string, Words[number]>([
    ...Object.entries(options.aliases ?? {}),
    ...words.map((word) => [word, word] as const),
  ]);
  const parse = (text: string): Result<Words[number], ValueFault> => {
    const word = known.get(text);
    if (word !== undefined) return ok(word);
    return invalidValue(`Failed to parse flag: ${text}. Supported values are: ${words.join(", ")}`);
  };
  return {
    name: words.join("|"),
    choices: words,
    parse,
    print: (value) => value,
    fromToml(value) {
      if (typeof value !== "string" && typeof value !== "boolean")
        return wrongKind(value, `one of ${words.join(", ")}`);
      const word = known.get(String(value).toLowerCase());
      return word === undefined ? parse(String(value)) : ok(word);
    },
    toToml: (value) => options.inFiles?.[value] ?? value,
  };
}
