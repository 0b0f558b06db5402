import * as v from "valibot";
import { HOMEPAGE, VERSION } from "../../platform/version.ts";
import {
  type Answer,
  type Content,
  type Contract,
  type Entries,
  JSON_ERROR,
  type Parameters,
  TAGS,
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
  const paths: Record<string, Record<string, object>> = {};
  for (const contract of contracts) {
    const answers = needsToken ? { ...contract.answers, ...TOKEN_ANSWERS } : contract.answers;
    const described = operation({ ...contract, answers }, schemas);
    paths[contract.path] = { ...paths[contract.path], [contract.method.toLowerCase()]: described };
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
      ...(needsToken ? { securitySchemes: { token: { type: "http", scheme: "bearer" } } } : {}),
    },
    security: needsToken ? [{ token: [] }] : [],
  });
}

const TOKEN_ANSWERS = {
  401: {
    summary: "No token was shown, or one that is not valid",
    content: JSON_ERROR,
    headers: { "WWW-Authenticate": v.string() },
  },
  403: { summary: "The token is not for this", content: JSON_ERROR },
} as const;

const DESCRIPTION = [
  "Entities are named by topic ids of four segments such as `device/main//`. In a path the slashes of an id may be percent-encoded or not:",
  "`/te/v1/entities/device%2Fmain%2F%2F/twin` and `/te/v1/entities/device/main///twin` are the same.",
  "",
  "Every path that can be read with GET can be asked with HEAD. A method that a path does not know is answered 405 with `Allow`.",
].join("\n");

function operation(contract: Contract, schemas: JsonSchemas): object {
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
            required: true,
            content: contentOf(body.content, schemas),
          },
        }),
    responses: Object.fromEntries(
      Object.entries(answers).map(([status, answer]) => [status, response(answer, schemas)]),
    ),
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
  return Object.fromEntries(
    Object.entries(headers).map(([name, schema]) => [
      name,
      { required: isRequired(schema), schema: schemas.of(schema) },
    ]),
  );
}

function contentOf(content: readonly Content[], schemas: JsonSchemas): object {
  return Object.fromEntries(
    content.map(({ mediaType, schema }) => [mediaType, schema === undefined ? {} : { schema: schemas.of(schema) }]),
  );
}

function isRequired(schema: v.GenericSchema): boolean {
  return schema.type !== "optional";
}
