import { type ConversionConfig, toJsonSchema, toJsonSchemaDefs } from "@valibot/to-json-schema";
import type * as v from "valibot";

export interface JsonSchemasOptions {
  /** Schemas that are written once and referred to from elsewhere, by name. */
  readonly named: Readonly<Record<string, v.GenericSchema>>;
  readonly dialect: "draft-07" | "draft-2020-12";
}

/** JSON Schemas made of the valibot schemas by which the program reads and answers. */
export interface JsonSchemas {
  /** What a schema takes; a reference to `#/components/schemas/…` where it has a name. */
  of(schema: v.GenericSchema): object;
  /** The named ones. */
  readonly components: object;
}

export function jsonSchemas({ named, dialect }: JsonSchemasOptions): JsonSchemas {
  const definitions = { ...named };
  const config: ConversionConfig = {
    target: dialect,
    typeMode: "input",
    definitions,
    // Rules that JSON Schema has no word for. What they are about is said by metadata beside them.
    ignoreActions: ["check", "raw_check"],
    overrideSchema: ({ valibotSchema, jsonSchema }) => (valibotSchema.type === "custom" ? jsonSchema : undefined),
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  };
  return {
    of(schema) {
      const { $schema: _dialect, $defs: _components, ...written } = toJsonSchema(schema, config);
      return written;
    },
    components: toJsonSchemaDefs(definitions, config),
  };
}
