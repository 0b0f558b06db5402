import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layOutPackage, readScript } from "./package-tree.ts";
import { run } from "./run.ts";
import { debianVersion } from "./version.ts";

/** How hard dpkg-deb compresses: `small` takes a minute and a half for what `quick` does in seconds. */
export type Effort = "small" | "quick";

export interface DebOptions {
  readonly executable: string;
  readonly licenses: string;
  readonly version: string;
  /** Debian's name: amd64, arm64. */
  readonly architecture: string;
  /** Directory that the file is put into. */
  readonly output: string;
  readonly effort: Effort;
}

/** Version of the reference that tebus is compatible with; what depends on `tedge (>= …)` is content with it. */
const REFERENCE_VERSION = "2.0.1";

/** Packages of the reference whose programs tebus has. */
const PROVIDED = ["tedge", "tedge-agent", "tedge-mapper", "tedge-minimal"];

/** Packages that hold files or units of the same names, or are nothing but links to the reference's executable. */
const REPLACED = [
  ...PROVIDED,
  "tedge-full",
  "tedge-watchdog",
  "tedge-apt-plugin",
  "c8y-configuration-plugin",
  "c8y-firmware-plugin",
  "c8y-log-plugin",
  "c8y-remote-access-plugin",
];

const COMPRESSION: Readonly<Record<Effort, readonly string[]>> = {
  small: ["-Zxz", "-z6"],
  quick: ["-Zgzip", "-z1"],
};

/** Makes `tebus_<version>_<architecture>.deb` and returns its path. */
export async function buildDeb(options: DebOptions): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "tebus-deb-"));
  try {
    await chmod(root, 0o755);
    const { executable, licenses } = options;
    await layOutPackage({ root, executable, licenses, systemdDirectory: "lib/systemd/system" });
    const control = join(root, "DEBIAN");
    const size = await installedSize(root);
    await mkdir(control, { mode: 0o755 });
    await writeFile(join(control, "control"), controlFields(options, size));
    await writeFile(join(control, "triggers"), await readScript("deb/triggers"));
    for (const script of ["postinst", "prerm", "postrm"]) {
      await writeFile(join(control, script), await readScript(`deb/${script}`), { mode: 0o755 });
    }
    const version = debianVersion(options.version);
    const path = join(options.output, `tebus_${version}_${options.architecture}.deb`);
    await mkdir(options.output, { recursive: true });
    await run(["dpkg-deb", "--root-owner-group", ...COMPRESSION[options.effort], "--build", root, path]);
    return path;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function controlFields(options: DebOptions, kibibytes: number): string {
  const fields = {
    Package: "tebus",
    Version: debianVersion(options.version),
    Architecture: options.architecture,
    Maintainer: "tebus maintainers <tebus@localhost.invalid>",
    "Installed-Size": String(kibibytes),
    Depends: "libc6 (>= 2.17), passwd",
    Recommends: "mosquitto, sudo, ca-certificates",
    Provides: PROVIDED.map((name) => `${name} (= ${REFERENCE_VERSION})`).join(", "),
    Conflicts: REPLACED.join(", "),
    Replaces: REPLACED.join(", "),
    Section: "net",
    Priority: "optional",
    Description: `thin-edge MQTT bus in one executable
 Connects a device to an MQTT broker, keeps its digital twin, moves files,
 runs operations and flows, and maps and bridges the bus to clouds.
 .
 It takes the place of thin-edge.io's packages: same commands, services,
 topics and files. Configuration and data stay as they are.`,
  };
  return `${Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n")}\n`;
}

/** KiB, each file rounded up, as Debian's policy has it. */
async function installedSize(root: string): Promise<number> {
  let total = 0;
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    total += entry.isFile() ? Math.ceil((await stat(join(entry.parentPath, entry.name))).size / 1024) : 1;
  }
  return total;
}
