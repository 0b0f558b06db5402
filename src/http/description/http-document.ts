import { ENTITY_CONTRACTS } from "../entities/entities.ts";
import { OPERATION_CONTRACTS } from "../operations/operation-contracts.ts";
import { DESCRIPTION_CONTRACTS } from "./description-contracts.ts";
import { EVENT_CONTRACTS } from "./event-contracts.ts";
import { FILE_CONTRACTS } from "./file-contracts.ts";
import { type OpenApiOptions, openApiDocument } from "./openapi.ts";

/** The OpenAPI document of everything that the agent answers over HTTP. */
export function httpDocument(options: Omit<OpenApiOptions, "contracts">): string {
  const contracts = [
    ...ENTITY_CONTRACTS,
    ...OPERATION_CONTRACTS,
    ...EVENT_CONTRACTS,
    ...FILE_CONTRACTS,
    ...DESCRIPTION_CONTRACTS,
  ];
  return openApiDocument({ contracts, ...options });
}
