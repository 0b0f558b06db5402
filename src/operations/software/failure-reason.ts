import type { CommandPayload } from "../../bus/payload/command.ts";

/** The reason of a failed software operation: the one text, or how many there are, and where more is told (spec/operations §7.1, §7.2). */
export function failureReason(texts: readonly string[], { logPath }: CommandPayload): string {
  const reason = texts.length === 1 ? String(texts[0]) : `${texts.length} errors`;
  return typeof logPath === "string" ? `${reason}, see device log file ${logPath}` : reason;
}
