/** A configuration as requests name it: `<name>::<plugin>`, or `<name>` alone for the plugin `file` (spec/operations §7.6, §7.8). */
export interface ConfigType {
  readonly name: string;
  readonly plugin: string;
}

const FILE_PLUGIN = "file";
const SEPARATOR = "::";

export function parseConfigType(text: string): ConfigType {
  const at = text.indexOf(SEPARATOR);
  if (at === -1) return { name: text, plugin: FILE_PLUGIN };
  return { name: text.slice(0, at), plugin: text.slice(at + SEPARATOR.length) };
}

export function formatConfigType({ name, plugin }: ConfigType): string {
  return plugin === FILE_PLUGIN ? name : `${name}${SEPARATOR}${plugin}`;
}
