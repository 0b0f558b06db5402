import { type EntityId, MAIN_DEVICE } from "../bus/entity-id.ts";
import type { EntityType } from "./workflow/definition.ts";

/** Whose commands are executed, by which definitions, and where it is told that they can be. */
export interface CommandScope {
  /** The entities as an MQTT filter of four levels. */
  readonly filter: string;
  includes(entity: EntityId): boolean;
  /** Whether a definition with this `type` is meant; without one it is for devices. */
  accepts(type: EntityType | undefined): boolean;
  /** Whose capabilities are told, if they are for this operation. */
  readonly owner: EntityId;
  announces(operation: string): boolean;
  /** What the names of state files begin with. */
  readonly prefix: string;
  readonly obeysSignals: boolean;
}

/** The agent's device. */
export function deviceScope(device: EntityId): CommandScope {
  const type = device === MAIN_DEVICE ? "device" : "child-device";
  return {
    filter: device,
    includes: (entity) => entity === device,
    accepts: (wanted) => wanted === undefined || wanted === type,
    owner: device,
    announces: () => true,
    prefix: "",
    obeysSignals: true,
  };
}

/**
 * The services of the agent's device. What can be done to a service is told by whoever owns it; the agent itself can be restarted
 * (spec/operations §11.2).
 */
export function serviceScope(device: EntityId, agentService: EntityId): CommandScope {
  const [first = "", second = ""] = device.split("/");
  const services = `${first}/${second}/service/`;
  return {
    filter: `${services}+`,
    includes: (entity) => entity.startsWith(services) && entity.length > services.length,
    accepts: (wanted) => wanted === "service",
    owner: agentService,
    announces: (operation) => operation === "restart",
    prefix: "service-",
    obeysSignals: false,
  };
}
