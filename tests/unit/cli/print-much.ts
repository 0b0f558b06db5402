import { writeWhole } from "../../../src/cli/standard-output.ts";

// Prints more than any pipe holds and ends at once; tells on standard error why the rest was lost.
writeWhole(1, "0123456789".repeat(500_000), ({ code }) => writeWhole(2, `lost: ${code}`));
process.exit(0);
