import { rename } from "node:fs/promises";
import { join } from "node:path";
import { startLogging } from "../../../src/cli/logging.ts";

// Logs on every level, reads the levels of system.toml again from next.toml, and logs anew.
const [configDirectory = "", chosen] = process.argv.slice(2);
const logging = await startLogging({
  configDirectory,
  environment: process.env,
  name: "tedge-agent",
  fallback: "info",
  ...(chosen === "debug" ? { chosen } : {}),
});
const log = logging.createLog("tedge_agent");
for (const level of ["error", "warn", "info", "debug", "trace"] as const) log[level](`first ${level}`);
await rename(join(configDirectory, "next.toml"), join(configDirectory, "system.toml")).catch(() => undefined);
await logging.reload();
for (const level of ["error", "warn", "info", "debug", "trace"] as const) log[level](`second ${level}`);
