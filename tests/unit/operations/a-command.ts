import type { JsonObject } from "../../../src/base/json.ts";
import { MAIN_DEVICE } from "../../../src/bus/entity-id.ts";
import type { CommandAddress, CommandState } from "../../../src/operations/command.ts";

export function anAddress(operation = "op", id = "1"): CommandAddress {
  return { topic: `te/device/main///cmd/${operation}/${id}`, root: "te", device: MAIN_DEVICE, operation, id };
}

export function aCommand(payload: JsonObject = {}, address = anAddress()): CommandState {
  return { address, payload: { status: "executing", ...payload } };
}
