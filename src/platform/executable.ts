import { basename } from "node:path";

/** What runs us: the product (one compiled executable), or Bun or Deno with the sources. */
export interface Executable {
  /** The name that it was called by, a link's perhaps. */
  readonly calledBy: string;
  /** Absolute path of the compiled executable, links resolved; `undefined` when the sources are run. */
  readonly path: string | undefined;
}

/** Bun gives `process.argv0` as the caller wrote it, also in a compiled executable; under Bun or Deno with the sources it names these. */
export function thisExecutable(): Executable {
  const compiled = import.meta.url.includes("/$bunfs/");
  return compiled
    ? { calledBy: basename(process.argv0), path: process.execPath }
    : { calledBy: "tebus", path: undefined };
}
