import { defaultScheme, type EntityId } from "../../bus/entity-id.ts";

/** The folder of a device in the file transfer service: its name in a default topic id, of another one all segments (spec/http-api §2.6). */
export function exposedFolder(device: EntityId): string {
  const scheme = defaultScheme(device);
  if (scheme?.kind === "device") return scheme.device;
  const segments = device.split("/").filter((segment) => segment !== "");
  return segments.join(":");
}
