/**
 * Builds what is released: `bun run build [--target host|all|<target>] [--quick]`. The executable is put into
 * `build/out/<target>/tebus`, the files of a release into `build/out/release`. `--quick` compresses lightly.
 */
import { parseArgs } from "node:util";
import { buildRelease } from "./release.ts";
import { parseTargets } from "./targets.ts";

const { values } = parseArgs({
  options: { target: { type: "string", default: "host" }, quick: { type: "boolean", default: false } },
});
await buildRelease(parseTargets(values.target), values.quick ? "quick" : "small", console.log);
