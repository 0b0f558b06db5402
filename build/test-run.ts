import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Glob } from "bun";
import { REPOSITORY } from "./targets.ts";

/** How many tests of a run passed and failed. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

export const NOTHING: Tally = { passed: 0, failed: 0 };

export function addTallies(left: Tally, right: Tally): Tally {
  return { passed: left.passed + right.passed, failed: left.failed + right.failed };
}

/** Runs the tests below folders of `tests/` in one process, which is quickest for many small ones. */
export async function runTests(folders: readonly string[], timeout: number): Promise<Tally> {
  const files = await findTests(folders);
  return files.length === 0 ? NOTHING : await runFiles(files, timeout, "as-it-comes");
}

/**
 * Runs each file of tests in folders of `tests/` in a process of its own, several at a time: most of them wait for others. Those of a folder
 * below share what they build, so they run in one process, which begins first.
 */
export async function runTestsApart(folders: readonly string[], timeout: number, processes: number): Promise<Tally> {
  const groups = groupByFolder(await findTests(folders));
  const tallies: Tally[] = [];
  const lane = async () => {
    for (let files = groups.shift(); files !== undefined; files = groups.shift()) {
      tallies.push(await runFiles(files, timeout, "at-the-end"));
    }
  };
  await Promise.all(Array.from({ length: processes }, lane));
  return tallies.reduce(addTallies, NOTHING);
}

function groupByFolder(files: readonly string[]): (readonly string[])[] {
  const isBelow = (file: string) => file.split("/").length > DEPTH;
  const together = Map.groupBy(files.filter(isBelow), (file) => dirname(file));
  return [...together.values(), ...files.filter((file) => !isBelow(file)).map((file) => [file])];
}

/** Parts of the path `./tests/system/a.test.ts`. */
const DEPTH = 4;

/** A run that ends badly counts at least one failure, whatever its report says. */
async function runFiles(
  files: readonly string[],
  timeout: number,
  output: "as-it-comes" | "at-the-end",
): Promise<Tally> {
  const directory = await mkdtemp(join(tmpdir(), "tebus-report-"));
  try {
    const report = join(directory, "junit.xml");
    const options = [`--timeout=${timeout}`, "--reporter=junit", `--reporter-outfile=${report}`];
    const stdio = output === "as-it-comes" ? "inherit" : "pipe";
    const child = Bun.spawn([process.execPath, "test", ...options, ...files], {
      cwd: REPOSITORY,
      stdin: "ignore",
      stdout: stdio,
      stderr: stdio,
    });
    const texts = Promise.all([textOf(child.stdout), textOf(child.stderr)]);
    const code = await child.exited;
    process.stdout.write((await texts).join(""));
    const tally = parseReport(await readFile(report, "utf8").catch(() => ""));
    return code === 0 ? tally : { ...tally, failed: Math.max(tally.failed, 1) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function textOf(stream: ReadableStream<Uint8Array> | undefined): Promise<string> {
  return stream === undefined ? "" : await new Response(stream).text();
}

/** Reads the sums that stand on the outermost element of a JUnit report; a text that is none has a failure in it. */
export function parseReport(xml: string): Tally {
  const outermost = /<testsuites\b[^>]*>/.exec(xml)?.[0] ?? "";
  const number = (name: string) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(outermost)?.[1] ?? Number.NaN);
  const [tests, failures] = [number("tests"), number("failures")];
  if (Number.isNaN(tests) || Number.isNaN(failures)) return { passed: 0, failed: 1 };
  const skipped = number("skipped");
  return { passed: tests - failures - (Number.isNaN(skipped) ? 0 : skipped), failed: failures };
}

async function findTests(folders: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const folder of folders) {
    const found = new Glob(`${folder}/**/*.test.ts`).scan({ cwd: join(REPOSITORY, "tests") });
    for await (const file of found) files.push(`./tests/${file}`);
  }
  return files.sort();
}
