import type { EntityId } from "../../../../src/bus/entity-id.ts";
import type { Family } from "../../../../src/http/authz/family.ts";

interface Member {
  readonly parent?: string;
  readonly externalId?: string;
}

/** The device id of the plant's gateway. */
export const GATEWAY = "gw-7";

/** A gateway with two child devices, one of which has services and a device below it, and a machine of a custom scheme. */
const PLANT: Readonly<Record<string, Member>> = {
  "device/main//": {},
  "device/main/service/tedge-agent": { parent: "device/main//" },
  "device/valve//": { parent: "device/main//", externalId: "V-1" },
  "device/valve/service/plc": { parent: "device/valve//" },
  "device/nozzle//": { parent: "device/valve//", externalId: "N-1" },
  "device/nozzle/service/app": { parent: "device/nozzle//" },
  "device/pump//": { parent: "device/main//", externalId: "P-1" },
  "device/pump/service/plc": { parent: "device/pump//" },
  "plant/hall/line/robot": { parent: "device/main//", externalId: "R-1" },
  "plant/hall/line/arm": { parent: "plant/hall/line/robot" },
};

export const PLANT_IDS = Object.keys(PLANT).map(id);

export function id(text: string): EntityId {
  return text as EntityId;
}

export function familyOfPlant(expected: readonly string[] = []): Family {
  const parentOf = (of: EntityId) => {
    const parent = PLANT[of]?.parent;
    return parent === undefined ? undefined : id(parent);
  };
  const isBelow = (root: EntityId, of: EntityId | undefined): boolean =>
    of !== undefined && (of === root || isBelow(root, parentOf(of)));
  return {
    parentOf,
    isKnown: (of) => PLANT[of] !== undefined || expected.includes(of),
    findBelow: (root, externalId) =>
      PLANT_IDS.find((each) => PLANT[each]?.externalId === externalId && isBelow(root, each)),
    gatewayNames: [GATEWAY],
  };
}
