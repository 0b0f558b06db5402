import { ok } from "../../base/result.ts";
import { invalidValue } from "../value-type.ts";
import { textType } from "./string-type.ts";

const SEGMENTS = 4;

/** The topic id of an entity, completed to four segments: `device/x` is `device/x//` (spec/mqtt-api §2.2). */
export const topicIdType = textType("topic id", (text) => {
  const segments = text.split("/");
  if (segments.length > SEGMENTS) return invalidValue("An entity topic identifier has at most 4 segments");
  if (/[+#\0]/.test(text)) return invalidValue("An entity topic identifier must be a valid MQTT topic");
  return ok([...segments, "", "", ""].slice(0, SEGMENTS).join("/"));
});

/** What the topics of a bridge begin with on the local side. */
export const topicPrefixType = textType("topic prefix", (text) => {
  if (text === "") return invalidValue("Topic prefix must not be empty");
  const wildcard = /[#+]/.exec(text)?.[0];
  if (wildcard !== undefined) return invalidValue(`Topic prefix cannot contain '${wildcard}'`);
  if (text === "c8y-internal") return invalidValue("Topic prefix cannot be c8y-internal");
  return ok(text);
});
