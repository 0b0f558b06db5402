import * as v from "valibot";

/**
 * What one method on one path takes and answers. Its schemas are those by which the route reads and answers, and from which the OpenAPI
 * document is made: what is published is what is done.
 */
export interface Contract {
  /** Name of the operation in generated clients. */
  readonly id: string;
  readonly method: Method;
  /** `{name}` stands for a path parameter. */
  readonly path: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly details?: string;
  readonly deprecated?: boolean;
  readonly parameters?: Parameters;
  readonly body?: Body;
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Groups of operations, in the order in which they are shown. */
export const TAGS = {
  entities: "Devices and services, as a tree below the main device",
  twin: "Digital twin: what is known of an entity, as named fragments of JSON",
  config: "Configuration that services expose, read only",
  operations: "Commands of all entities, those that go on and those that ended",
  events: "Changes of the twin as they happen",
  files: "Files that devices hand to each other",
  description: "This interface and that of the MQTT bus, as documents",
} as const;

export type Tag = keyof typeof TAGS;

export type Entries = Readonly<Record<string, v.GenericSchema>>;

/** By name. A schema that is optional stands for a parameter that is; a parameter in the path is always required. */
export interface Parameters {
  readonly path?: Entries;
  readonly query?: Entries;
  readonly header?: Entries;
}

export interface Body {
  /** Default: true. */
  readonly isRequired?: boolean;
  readonly content: readonly Content[];
  readonly details?: string;
}

export interface Answer {
  readonly summary: string;
  /** Without it the answer has no body. */
  readonly content?: readonly Content[];
  readonly headers?: Entries;
}

/** Content of a body or an answer. Without a schema it is bytes. */
export interface Content {
  readonly mediaType: string;
  readonly schema?: v.GenericSchema;
  /** Objects come out with their keys in lexical order. */
  readonly isSorted?: boolean;
}

/** Content that is JSON, typed by its schema. */
export interface JsonContent<S extends v.GenericSchema = v.GenericSchema> extends Content {
  readonly mediaType: "application/json";
  readonly schema: S;
}

export function json<S extends v.GenericSchema>(schema: S): readonly [JsonContent<S>] {
  return [{ mediaType: "application/json", schema }];
}

/** JSON whose objects come out with their keys in lexical order, as all that is also on the bus (spec/http-api §3.1). */
export function sortedJson<S extends v.GenericSchema>(schema: S): readonly [JsonContent<S>] {
  return [{ mediaType: "application/json", schema, isSorted: true }];
}

export const PROBLEM_SCHEMA = v.object({ error: v.string() });

/** An error that the API tells as JSON (spec/http-api §3.1). */
export const JSON_ERROR = json(PROBLEM_SCHEMA);
/** An error that is told before the API is reached. */
export const TEXT_ERROR = [{ mediaType: "text/plain; charset=utf-8", schema: v.string() }] as const;
/** Some of the errors of a status are told one way, some the other. */
export const ANY_ERROR = [...JSON_ERROR, ...TEXT_ERROR] as const;
