import { writeSync } from "node:fs";
import { configureSync, getLogger, type LogLevel as LibraryLevel, type LogRecord } from "@logtape/logtape";
import { describeFault, type Fault } from "./fault.ts";

/** Where a part of tebus tells what happens. Payloads of others are cut short, secrets never come here. */
export interface Log {
  error(text: string, fault?: Fault): void;
  warn(text: string, fault?: Fault): void;
  info(text: string): void;
  debug(text: string): void;
  trace(text: string): void;
}

export const LOG_LEVELS = ["error", "warn", "info", "debug", "trace"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggingOptions {
  readonly level: LogLevel;
  /** False under systemd, whose journal has its own (spec/cli-and-config §11). */
  readonly timestamps: boolean;
  /** Levels of single units; they win over `level`. */
  readonly levels?: Readonly<Record<string, LogLevel>>;
}

const ROOT = "tebus";

/** A log whose lines carry `target`; `unit` names the unit when several run in one process. Usable before `configureLogging`, then silent. */
export function createLog(target: string, unit?: string): Log {
  const logger = getLogger([ROOT, unit ?? target, target]).with({ target, unit });
  const because = (text: string, fault?: Fault) => (fault === undefined ? text : `${text}: ${describeFault(fault)}`);
  return {
    error: (text, fault) => logger.error("{text}", { text: because(text, fault) }),
    warn: (text, fault) => logger.warning("{text}", { text: because(text, fault) }),
    info: (text) => logger.info("{text}", { text }),
    debug: (text) => logger.debug("{text}", { text }),
    trace: (text) => logger.trace("{text}", { text }),
  };
}

/** Says where log lines go (stderr) and which ones; may be called again to change the levels of a running process. */
export function configureLogging(options: LoggingOptions): void {
  configureSync({
    reset: true,
    sinks: { stderr: (record) => writeLine(formatRecord(record, options.timestamps)) },
    loggers: [
      { category: ["logtape", "meta"], sinks: [], lowestLevel: "fatal" },
      { category: [ROOT], sinks: ["stderr"], lowestLevel: libraryLevel(options.level) },
      ...Object.entries(options.levels ?? {}).map(([unit, level]) => ({
        category: [ROOT, unit],
        lowestLevel: libraryLevel(level),
      })),
    ],
  });
}

/** `2026-08-01T10:00:00.123000Z  INFO component{name=unit}: target: text` (spec/cli-and-config §11, bridges-and-mappers §13). */
export function formatRecord(record: LogRecord, timestamps: boolean): string {
  const { target, unit, text } = record.properties;
  const time = timestamps ? `${new Date(record.timestamp).toISOString().replace("Z", "000Z")} ` : "";
  const level = (record.level === "warning" ? "warn" : record.level).toUpperCase().padStart(5);
  const component = typeof unit === "string" ? `component{name=${unit}}: ` : "";
  return `${time}${level} ${component}${String(target)}: ${printable(String(text))}`;
}

/** Characters of one record; the rest is of no use to people, and journald cuts at 48 KiB. */
const LONGEST_TEXT = 8_192;

/**
 * What others sent may stand in a text: it must neither steer a terminal nor pass for a record of its own, so control characters are
 * spelled out and the further lines of a text are indented.
 */
function printable(text: string): string {
  const rest = text.length - LONGEST_TEXT;
  const shown = rest > 0 ? `${text.slice(0, LONGEST_TEXT)}… (${rest} more characters)` : text;
  return shown
    .replace(CONTROLS, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`)
    .replaceAll("\n", "\n  ");
}

/** All control characters but tab and line feed. */
const CONTROLS = /[^\P{Cc}\t\n]/gu;

function libraryLevel(level: LogLevel): LibraryLevel {
  return level === "warn" ? "warning" : level;
}

function writeLine(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // A closed or full stderr must never stop the bus.
  }
}
