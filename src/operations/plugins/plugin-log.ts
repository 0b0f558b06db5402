import { quoteText } from "../../base/quoted-text.ts";
import type { Result } from "../../base/result.ts";
import { logProcess } from "../log-text.ts";
import type { ScriptResult } from "../steps/script-result.ts";

/** Bytes of each of stdout and stderr that a log takes. */
const MOST_LOGGED = 256 * 1024;

/** `----- $ sudo "-n" "/etc/tedge/sm-plugins/apt" "list"` (spec/operations §6). */
export function logCall([program, ...args]: readonly [string, ...string[]]): string {
  return `\n----- $ ${[program, ...args.map(quoteText)].join(" ")}\n`;
}

/** How a plugin ended and what it said; of a secret standard output only its size. */
export function logCallEnd(result: ScriptResult, secret: boolean): string {
  if (!result.ok) return logProcess(result);
  const { stdout, stderr } = result.value;
  const shown = secret ? NOTHING : cut(stdout);
  const text = logProcess({
    ok: true,
    value: { ...result.value, stdout: shown, stderr: cut(stderr) },
  } satisfies Result<unknown>);
  return secret ? text.replace(/^stdout \(EMPTY\)$/m, "stdout (NOT LOGGED)") : text;
}

const NOTHING = new Uint8Array();

function cut(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= MOST_LOGGED) return bytes;
  const left = `\n... ${bytes.length - MOST_LOGGED} more bytes ...\n`;
  return Buffer.concat([bytes.subarray(0, MOST_LOGGED), Buffer.from(left)]);
}
