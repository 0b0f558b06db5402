import { expect, test } from "bun:test";
import { parseEventQuery } from "../../../../src/http/events/event-query.ts";

/** In words: what was asked for, or the status and text of the refusal. */
function read(query: string): string {
  const parsed = parseEventQuery(query);
  if (!parsed.ok) return `${parsed.fault.status} ${parsed.fault.format}: ${parsed.fault.text}`;
  const { kinds, root, descendants, lastEventId } = parsed.value;
  return [kinds === undefined ? "all" : [...kinds].join("+"), root, descendants ? "deep" : undefined, lastEventId]
    .filter((word) => word !== undefined)
    .join(" ");
}

const KINDS = "registration, twin, config, health, alarm, command";

test.each([
  ["", "all"],
  ["type=", "all"],
  ["type=,", "all"],
  ["type=alarm", "alarm"],
  ["type=alarm,health", "alarm+health"],
  ["type=alarm&type=health&type=alarm", "alarm+health"],
  ["type=registration,twin,config,health,alarm,command", "registration+twin+config+health+alarm+command"],
  ["type=alarm%2Ctwin", "alarm+twin"],
  ["root=device/pump", "all device/pump//"],
  ["root=", "all"],
  ["descendants=true", "all deep"],
  ["descendants=false", "all"],
  ["descendants=", "all"],
  ["last-event-id=abc-5", "all abc-5"],
  ["last-event-id=", "all"],
  ["colour=red&colour=blue", "all"],
  ["type=measurement", `400 json: Invalid event type: measurement. Use one or several of ${KINDS}`],
  ["type=alarm,Health", `400 json: Invalid event type: Health. Use one or several of ${KINDS}`],
  ["root=a/b/c/d/e", "400 json: An entity topic identifier has at most 4 segments"],
  ["root=device/%2B", "400 json: An entity topic identifier must be a valid MQTT topic"],
  ["descendants=1", "400 json: Invalid value of descendants: 1. Use true or false"],
  ["root=a&root=b", "400 text: Failed to deserialize query string: duplicate field `root`"],
  ["last-event-id=a&last-event-id=a", "400 text: Failed to deserialize query string: duplicate field `last-event-id`"],
])("?%s asks for %s", (query, expected) => {
  expect(read(query)).toBe(expected);
});
