import { chmod, copyFile, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { REPOSITORY } from "./targets.ts";

/** Names under which the executable is found in /usr/bin; `tedge init` would make the same ones. */
export const LINKS = ["tedge", "tedge-agent", "tedge-mapper", "tedge-apt-plugin", "tedge-write"] as const;

const SOURCES = join(REPOSITORY, "build/package");

export interface PackageTreeOptions {
  /** Directory that becomes `/`. */
  readonly root: string;
  /** The compiled executable. */
  readonly executable: string;
  /** Text of THIRD-PARTY-LICENSES. */
  readonly licenses: string;
  /** Where systemd's units go: a package manager owns them in place, after a tarball the set-up script copies them. */
  readonly systemdDirectory: "lib/systemd/system" | "usr/share/tebus/init/systemd";
}

/** Lays out everything that is installed on a device, apart from what the set-up script makes there. */
export async function layOutPackage(options: PackageTreeOptions): Promise<void> {
  const at = (path: string) => join(options.root, path);
  await copy(options.executable, at("usr/bin/tebus"), 0o755);
  for (const link of LINKS) await symlink("/usr/bin/tebus", at(`usr/bin/${link}`));
  await write(at("usr/share/tebus/setup"), await readScript("setup.sh"), 0o755);
  await copy(join(SOURCES, "hand-over"), at("usr/share/tebus/hand-over"), 0o755);
  await copy(join(SOURCES, "keep-running"), at("usr/share/tebus/keep-running"), 0o755);
  await copy(join(SOURCES, "sudoers"), at("usr/share/tebus/sudoers"), 0o644);
  for (const init of ["openrc", "sysvinit"]) {
    await copy(join(SOURCES, init, "service"), at(`usr/share/tebus/init/${init}/service`), 0o755);
    await copy(join(SOURCES, init, "system.toml"), at(`usr/share/tebus/init/${init}/system.toml`), 0o644);
  }
  for (const plugin of await readdir(join(SOURCES, "sm-plugins"))) {
    await copy(join(SOURCES, "sm-plugins", plugin), at(`usr/share/tebus/sm-plugins/${plugin}`), 0o755);
  }
  for (const kind of ["config-plugins", "log-plugins"]) {
    for (const plugin of await readdir(join(SOURCES, kind))) {
      await copy(join(SOURCES, kind, plugin), at(`usr/share/tedge/${kind}/${plugin}`), 0o755);
    }
  }
  for (const unit of await readdir(join(SOURCES, "systemd"))) {
    await copy(join(SOURCES, "systemd", unit), at(join(options.systemdDirectory, unit)), 0o644);
  }
  // Root's: what is put there is run as root.
  await mkdir(at("usr/share/tedge/service-plugins"), { recursive: true, mode: 0o755 });
  const example = "usr/share/doc/tebus/examples/firmware";
  await copy(join(SOURCES, "examples/firmware/firmware_update.toml"), at(join(example, "firmware_update.toml")), 0o644);
  await copy(join(SOURCES, "examples/firmware/firmware-slots"), at(join(example, "firmware-slots")), 0o755);
  await copy(join(REPOSITORY, "LICENSE"), at("usr/share/doc/tebus/copyright"), 0o644);
  await write(at("usr/share/doc/tebus/THIRD-PARTY-LICENSES"), options.licenses, 0o644);
}

/** A script of `build/package/` with the files that it names in lines `#@include FILE` put in their place. */
export async function readScript(path: string): Promise<string> {
  const text = await readFile(join(SOURCES, path), "utf8");
  const lines = text.split("\n").map(async (line) => {
    const included = /^#@include (\S+)$/.exec(line)?.[1];
    return included === undefined ? line : (await readFile(join(SOURCES, included), "utf8")).trimEnd();
  });
  return (await Promise.all(lines)).join("\n");
}

async function copy(from: string, to: string, mode: number): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  await copyFile(from, to);
  await chmod(to, mode);
}

async function write(to: string, text: string, mode: number): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  await writeFile(to, text);
  await chmod(to, mode);
}
