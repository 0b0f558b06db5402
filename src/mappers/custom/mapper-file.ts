import { dirname, resolve } from "node:path";
import * as v from "valibot";
import { parseDuration } from "../../base/duration.ts";
import { type Fault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { TomlTable } from "../../base/toml.ts";
import type { TomlPath } from "../../base/toml-place.ts";
import { type ConfigFile, type ConfigFileFault, misfit, readConfigFile } from "../../config/config-file.ts";
import { hostPortType } from "../../config/types/host-type.ts";

/** The port of a broker that is given without one. */
const DEFAULT_PORT = 8883;

/** A valibot step that reads a text by a parser of ours. */
function parsedBy<T>(parse: (text: string) => Result<T, Fault>) {
  return v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
    const parsed = parse(dataset.value);
    if (parsed.ok) return parsed.value;
    addIssue({ message: parsed.fault.message });
    return NEVER;
  });
}

const onOff = v.pipe(
  v.union([v.boolean(), v.picklist(["auto", "true", "false", "on", "off"])]),
  v.transform((value) => (value === "auto" ? "auto" : value === true || value === "true" || value === "on")),
);

const schema = v.looseObject({
  url: v.optional(v.pipe(v.string(), parsedBy(hostPortType(DEFAULT_PORT).parse))),
  auth_method: v.optional(
    v.pipe(
      v.picklist(["auto", "certificate", "password", "basic"]),
      v.transform((method) => (method === "basic" ? "password" : method)),
    ),
    "auto",
  ),
  credentials_path: v.optional(v.string()),
  cloud_type: v.optional(v.picklist(["c8y", "az", "aws"])),
  device: v.optional(
    v.looseObject({
      id: v.optional(v.string()),
      cert_path: v.optional(v.string()),
      key_path: v.optional(v.string()),
      root_cert_path: v.optional(v.string()),
    }),
    {},
  ),
  bridge: v.optional(
    v.looseObject({
      clean_session: v.optional(v.boolean(), false),
      keepalive_interval: v.optional(
        v.pipe(v.union([v.string(), v.number()]), v.transform(String), parsedBy(parseDuration)),
      ),
      tls: v.optional(v.looseObject({ enable: onOff }), { enable: "auto" }),
      max_payload_size: v.optional(
        v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1)),
        268_435_455,
      ),
    }),
    {},
  ),
});

/** The keys of `mapper.toml` that tebus knows, as they stand there, defaults filled in (spec/bridges-and-mappers §11.2). */
export type MapperSettings = v.InferOutput<typeof schema>;

/** `mapper.toml` of a user-defined mapper. */
export interface MapperFile {
  readonly path: string;
  readonly settings: MapperSettings;
  /** All of it, other keys too, for `${mapper.…}`. */
  readonly table: TomlTable;
}

/** Reads `<directory>/mapper.toml`; `undefined` when there is none. */
export async function readMapperFile(directory: string): Promise<Result<MapperFile | undefined, ConfigFileFault>> {
  const file = await readConfigFile(resolve(directory, "mapper.toml"));
  if (!file.ok) return file;
  return file.value === undefined ? ok(undefined) : checkMapperFile(file.value);
}

export function checkMapperFile(file: ConfigFile): Result<MapperFile, ConfigFileFault> {
  const parsed = v.safeParse(schema, file.table);
  if (parsed.success) return ok({ path: file.path, settings: parsed.output, table: file.table });
  const [issue] = parsed.issues;
  const path: TomlPath = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
  const cause = fault("invalid-value", issue.message);
  return err(misfit(file, path, { key: path.join("."), cause }));
}

/** A path of `mapper.toml`: relative ones start at its directory. */
export function pathOf(file: MapperFile, path: string): string {
  return resolve(dirname(file.path), path);
}
