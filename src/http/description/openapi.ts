import * as v from "valibot";
import { HOMEPAGE, VERSION } from "../../platform/version.ts";
import {
  ANY_ERROR,
  type Answer,
  type Content,
  type Contract,
  type Entries,
  JSON_ERROR,
  type Parameters,
  TAGS,
  TEXT_ERROR,
} from "../contract.ts";
import { type JsonSchemas, jsonSchemas } from "./json-schemas.ts";
import { NAMED_SCHEMAS } from "./named-schemas.ts";

export interface OpenApiOptions {
  readonly contracts: readonly Contract[];
  /** Whether clients have to show a token (`http.authz`). */
  readonly needsToken: boolean;
}

/** The OpenAPI 3.1 document of contracts, as JSON text. */
export function openApiDocument({ contracts, needsToken }: OpenApiOptions): string {
  const schemas = jsonSchemas({ named: NAMED_SCHEMAS, dialect: "draft-2020-12" });
  const commonAnswers = needsToken ? { ...GUARD_ANSWERS, ...TOKEN_ANSWERS } : GUARD_ANSWERS;
  const paths: Record<string, Record<string, object>> = {};
  for (const contract of contracts) {
    const method = contract.method.toLowerCase();
    paths[contract.path] = { ...paths[contract.path], [method]: operation(contract, commonAnswers, schemas) };
  }
  return JSON.stringify({
    openapi: "3.1.1",
    info: {
      title: "tebus",
      version: VERSION,
      summary: "HTTP interface of the agent",
      description: DESCRIPTION,
      contact: { name: "tebus", url: HOMEPAGE },
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "The agent that gave this document" }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: schemas.components,
      responses: mapValues(commonAnswers, (answer) => response(answer, schemas)),
      ...(needsToken ? { securitySchemes: { token: { type: "http", scheme: "bearer" } } } : {}),
    },
    security: needsToken ? [{ token: [] }] : [],
  });
}

/** Answers that any request may get before its route is reached. */
const GUARD_ANSWERS: Readonly<Record<number, Answer>> = {
  403: { summary: "The request comes from a web page of another host", content: TEXT_ERROR },
  421: { summary: "The server is not known by the name in `Host`", content: TEXT_ERROR },
  431: { summary: "The path, the query or the headers are too long" },
};

/** The same where clients have to show a token. */
const TOKEN_ANSWERS: Readonly<Record<number, Answer>> = {
  401: {
    summary: "No token was shown, or one that is not valid",
    content: JSON_ERROR,
    headers: { "WWW-Authenticate": v.string() },
  },
  403: {
    summary: "The token is not for this, or the request comes from a web page of another host",
    content: ANY_ERROR,
  },
};

const DESCRIPTION = [
  "Entities are named by topic ids of four segments such as `device/main//`. In a path the slashes of an id may be percent-encoded or not:",
  "`/te/v1/entities/device%2Fmain%2F%2F/twin` and `/te/v1/entities/device/main///twin` are the same.",
  "",
  "Every path that can be read with GET can be asked with HEAD. A method that a path does not know is answered 405 with `Allow`.",
].join("\n");

function operation(contract: Contract, commonAnswers: Readonly<Record<number, Answer>>, schemas: JsonSchemas): object {
  const { id, tag, summary, details, deprecated, parameters = {}, body, answers } = contract;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(details === undefined ? {} : { description: details }),
    ...(deprecated === true ? { deprecated } : {}),
    parameters: parametersOf(parameters, schemas),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            ...(body.details === undefined ? {} : { description: body.details }),
            required: body.isRequired ?? true,
            content: contentOf(body.content, schemas),
          },
        }),
    responses: {
      ...Object.fromEntries(
        Object.keys(commonAnswers).map((status) => [status, { $ref: `#/components/responses/${status}` }]),
      ),
      ...mapValues(answers, (answer) => response(answer, schemas)),
    },
  };
}

function parametersOf(parameters: Parameters, schemas: JsonSchemas): object[] {
  return (["path", "query", "header"] as const).flatMap((place) =>
    Object.entries(parameters[place] ?? {}).map(([name, valibot]) => {
      const schema = schemas.of(valibot);
      const isList = "type" in schema && schema.type === "array";
      // Several values are separated by commas.
      const style = isList ? { style: "form", explode: false } : {};
      return { name, in: place, required: place === "path" || isRequired(valibot), ...style, schema };
    }),
  );
}

function response({ summary, content, headers }: Answer, schemas: JsonSchemas): object {
  return {
    description: summary,
    ...(headers === undefined ? {} : { headers: headersOf(headers, schemas) }),
    ...(content === undefined ? {} : { content: contentOf(content, schemas) }),
  };
}

function headersOf(headers: Entries, schemas: JsonSchemas): object {
  return mapValues(headers, (schema) => ({ required: isRequired(schema), schema: schemas.of(schema) }));
}

function contentOf(content: readonly Content[], schemas: JsonSchemas): object {
  return Object.fromEntries(
    content.map(({ mediaType, schema }) => [mediaType, schema === undefined ? {} : { schema: schemas.of(schema) }]),
  );
}

function mapValues<T>(record: Readonly<Record<string, T>>, write: (value: T) => object): object {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, write(value)]));
}

function isRequired(schema: v.GenericSchema): boolean {
  return schema.type !== "optional";
}
