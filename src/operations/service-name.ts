import type { EntityId } from "../bus/entity-id.ts";

/** The name of a service, as the last part of its id. */
export function serviceNameOf(entity: EntityId): string | undefined {
  const [, , third, fourth] = entity.split("/");
  return third === "service" && fourth !== "" ? fourth : undefined;
}
