import { deviceId, type EntityId, MAIN_DEVICE, parseEntityId } from "../../bus/entity-id.ts";
import type { Family } from "./family.ts";

/**
 * Whose folder of the file store it is, seen by `holder`. An entity has the folders that its commands' URLs name (spec/http-api §2.6):
 * its device name (`valve2` of `device/valve2//`), its topic id with `:` for `/`, alone and behind an external id of the main device as mappers make
 * external ids up, and its explicit external id. In this order: nobody takes the folder of another by taking its name as external id.
 */
export function folderOwner(folder: string, holder: EntityId, family: Family): EntityId | undefined {
  if (family.gatewayNames.includes(folder)) return MAIN_DEVICE;
  const named = namedBy(folder, family.gatewayNames).find((id) => id === holder || family.isKnown(id));
  return named ?? family.findBelow(holder, folder);
}

function namedBy(folder: string, gatewayNames: readonly string[]): readonly EntityId[] {
  const behindGateway = gatewayNames.flatMap((name) =>
    folder.startsWith(`${name}:`) ? idOfColons(folder.slice(name.length + 1)) : [],
  );
  return [...deviceNamed(folder), ...behindGateway, ...idOfColons(folder)];
}

function deviceNamed(name: string): readonly EntityId[] {
  return /[/+#\0]/.test(name) || name === "" ? [] : [deviceId(name)];
}

/** `plant1:hallB` is `plant1/hallB//`. An id with a `:` of its own has no such name. */
function idOfColons(text: string): readonly EntityId[] {
  const id = text === "" ? undefined : parseEntityId(text.replaceAll(":", "/"));
  return id?.ok === true ? [id.value] : [];
}
