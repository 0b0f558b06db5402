import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY } from "./targets.ts";

/** One npm package of which something is inside of the executable. */
interface BundledPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly text: string;
}

const SEPARATOR = `\n${"-".repeat(100)}\n\n`;

/** The text of THIRD-PARTY-LICENSES for an executable made of `sources` (absolute paths): the runtime and every npm package in it. */
export async function thirdPartyLicenses(sources: readonly string[]): Promise<string> {
  const directories = new Set(sources.map(packageDirectory).filter((directory) => directory !== undefined));
  const packages = await Promise.all([...directories].map(readPackage));
  const inOrder = packages.sort((left, right) => left.name.localeCompare(right.name));
  const notices = inOrder.map(({ name, version, license, text }) => `${name} ${version} (${license})\n\n${text}\n`);
  return [await runtimeNotice(), ...notices].join(SEPARATOR);
}

/** `…/node_modules/mqtt/build/index.js` is of `…/node_modules/mqtt`; our own files are of none. */
function packageDirectory(source: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(source)?.[0];
}

async function readPackage(directory: string): Promise<BundledPackage> {
  const manifest: unknown = JSON.parse(await readFile(join(directory, "package.json"), "utf8"));
  const field = (key: string) => (isRecord(manifest) && typeof manifest[key] === "string" ? manifest[key] : undefined);
  const license = field("license");
  if (license === undefined) throw new Error(`${directory} names no licence: it may not go into the executable`);
  const files = (await readdir(directory)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(directory, file), "utf8")));
  return {
    name: field("name") ?? directory,
    version: field("version") ?? "",
    license,
    text: texts.length === 0 ? `The package holds no text of its licence, ${license}.` : texts.join("\n").trim(),
  };
}

async function runtimeNotice(): Promise<string> {
  return (await readFile(join(REPOSITORY, "build/package/RUNTIME-NOTICE"), "utf8")).replaceAll(
    "@VERSION@",
    Bun.version,
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
