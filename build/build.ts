/**
 * Builds what is released: `bun run build [--target host|all|<target>] [--quick]`. The executable is put into
 * `build/out/<target>/tebus`, the files of a release into `build/out/release`. `--quick` compresses lightly.
 */
import { parseArgs } from "node:util";
import { buildRelease, RELEASE } from "./release.ts";
import { parseTargets } from "./targets.ts";

const { values } = parseArgs({
  options: { target: { type: "string", default: "host" }, quick: { type: "boolean", default: false } },
});
await buildRelease({
  targets: parseTargets(values.target),
  effort: values.quick ? "quick" : "small",
  output: RELEASE,
  say: console.log,
});
