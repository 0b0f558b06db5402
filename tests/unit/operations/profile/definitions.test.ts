import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DEVICE_PROFILE_DEFINITION } from "../../../../src/operations/profile/device-profile-definition.ts";
import { reviewDefinition } from "../../../../src/operations/workflow/review-definition.ts";

const example = join(import.meta.dir, "../../../../build/package/examples/firmware/firmware_update.toml");

test("neither the default workflow of device profiles nor the example for firmware has anything to complain of", async () => {
  const definitions = {
    "device_profile.toml": DEVICE_PROFILE_DEFINITION,
    "firmware_update.toml": await readFile(example),
  };
  for (const [path, source] of Object.entries(definitions)) {
    expect(reviewDefinition(path, Buffer.from(source)).problems.map(({ message }) => message)).toEqual([]);
  }
});
