import * as v from "valibot";
import { jsonKind } from "../base/json-kind.ts";
import { ENTITY_ID_PATTERN, LONGEST_ID, parseEntityId } from "./entity-id.ts";

/** An entity topic id in JSON, completed to four segments. Messages are the kernels of spec/mqtt-api §§2.2, 4.1. */
export const ENTITY_ID_SCHEMA = v.pipe(
  v.string(({ input }) => `invalid type: ${jsonKind(input)}, expected a string`),
  v.metadata({
    pattern: ENTITY_ID_PATTERN.source,
    maxLength: LONGEST_ID,
    examples: ["device/main//", "device/pump7", "device/pump7/service/plc"],
  }),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const id = parseEntityId(dataset.value);
    if (id.ok) return id.value;
    addIssue({ message: id.fault.message });
    return NEVER;
  }),
);
