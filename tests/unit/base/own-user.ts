import { readFileSync } from "node:fs";

/** Name of the user that runs the tests; `os.userInfo` of Bun believes the environment. */
export function ownUser(): string {
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  const name = lines.map((line) => line.split(":")).find(([, , uid]) => uid === String(process.getuid?.()))?.[0];
  if (name === undefined) throw new Error("The user that runs the tests is not in /etc/passwd");
  return name;
}
