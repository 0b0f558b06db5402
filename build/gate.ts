/**
 * The gate: `bun run ok`. Static checks, unit tests and simulation, the executable, then the tests against the real world.
 * `bun run ok --quick` leaves out the executable and what needs it. The last line is `N passed, N failed`; a check or a build that
 * fails counts as one failure.
 */
import { compile } from "./compile.ts";
import { hostTarget, REPOSITORY } from "./targets.ts";
import { addTallies, NOTHING, runTests, runTestsApart, type Tally } from "./test-run.ts";

const CHECKS = ["format:check", "types", "directions"] as const;

/** Milliseconds that one test may take. */
const QUICK = 5_000;
const REAL_WORLD = 60_000;

/** Tests of the real world that run at a time. */
const PROCESSES = 3;

const FAILURE: Tally = { passed: 0, failed: 1 };

async function check(name: string): Promise<Tally> {
  const child = Bun.spawn([process.execPath, "run", "--silent", name], {
    cwd: REPOSITORY,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const good = (await child.exited) === 0;
  console.log(`${good ? "ok" : "FAILED"}: ${name}`);
  if (!good) console.log(`${stdout}${stderr}`);
  return good ? NOTHING : FAILURE;
}

async function build(): Promise<Tally> {
  try {
    console.log(`ok: ${(await compile(hostTarget())).path}`);
    return NOTHING;
  } catch (thrown) {
    console.log(`FAILED: build: ${String(thrown)}`);
    return FAILURE;
  }
}

async function runGate(quick: boolean): Promise<Tally> {
  const checks = await Promise.all(CHECKS.map(check));
  const inside = await runTests(["unit", "sim"], QUICK);
  const sofar = [...checks, inside].reduce(addTallies, NOTHING);
  if (quick) return sofar;
  const built = await build();
  if (built.failed > 0) return addTallies(sofar, built);
  return addTallies(sofar, await runTestsApart(["system", "interop"], REAL_WORLD, PROCESSES));
}

const total = await runGate(process.argv.includes("--quick"));
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
