import manifest from "../package.json" with { type: "json" };

/** Semantic version of what is built. */
export const VERSION: string = manifest.version;

/** The same as Debian compares it: `1.0.0-rc.1` comes before `1.0.0`, so it is `1.0.0~rc.1`. */
export function debianVersion(version: string): string {
  return version.replace("-", "~");
}
