/**
 * Text in double quotes as the reference's messages show it: `"` and `\` escaped, what cannot be printed as `\n`, `\r`, `\t`, `\0`
 * or `\u{..}` (spec/http-api §2.2).
 */
export function quoteText(text: string): string {
  return `"${text.replace(UNPRINTABLE, escapeCharacter)}"`;
}

const UNPRINTABLE = /["\\]|[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\0": "\\0",
};

function escapeCharacter(character: string): string {
  return SHORT_ESCAPES[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
