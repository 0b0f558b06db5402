import { writeWhole } from "../../../src/cli/standard-output.ts";

// Prints more than any pipe holds and ends at once; tells on standard error if the reader went away.
writeWhole(1, "0123456789".repeat(500_000), () => writeWhole(2, "closed"));
process.exit(0);
