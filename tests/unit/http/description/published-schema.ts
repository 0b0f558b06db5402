import { Ajv2020 } from "ajv/dist/2020.js";
import { httpDocument } from "../../../../src/http/description/http-document.ts";

export interface PublishedAnswer {
  readonly description: string;
  readonly headers?: Record<string, { readonly required: boolean; readonly schema: object }>;
  readonly content?: Record<string, { readonly schema?: object }>;
}

export interface PublishedOperation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema?: object }> };
  readonly responses: Record<string, PublishedAnswer>;
}

export interface PublishedDocument {
  readonly paths: Record<string, Record<string, PublishedOperation>>;
  readonly components: { readonly schemas: Record<string, object> };
}

/** The OpenAPI document as a client reads it. */
export function publishedDocument(needsToken = false): PublishedDocument {
  return JSON.parse(httpDocument({ needsToken }));
}

/** By operation id. */
export function publishedOperations({ paths }: PublishedDocument): ReadonlyMap<string, PublishedOperation> {
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  return new Map(operations.map((operation) => [operation.operationId, operation]));
}

/** Judges values by the schemas of the document, as a program does that was not written with tebus. */
export function schemaJudge(document: PublishedDocument): (schema: object, value: unknown) => string | undefined {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: "document:", ...document });
  const compiled = new Map<string, ReturnType<typeof ajv.compile>>();
  return (schema, value) => {
    const text = JSON.stringify(schema).replaceAll('"#/', '"document:#/');
    const validate = compiled.get(text) ?? ajv.compile(JSON.parse(text));
    compiled.set(text, validate);
    return validate(value) ? undefined : ajv.errorsText(validate.errors);
  };
}
