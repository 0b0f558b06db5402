import { describe, expect, test } from "bun:test";
import { type BridgeRule, checkRule } from "../../../src/bridge/rule.ts";

const SOUND: BridgeRule = { localPrefix: "plant/", remotePrefix: "sites/", topic: "#", direction: "outbound" };

function complaint(change: Partial<BridgeRule>): string | undefined {
  return checkRule({ ...SOUND, ...change })?.message;
}

describe("a rule", () => {
  test.each<Partial<BridgeRule>>([
    {},
    { localPrefix: "" },
    { remotePrefix: "" },
    { localPrefix: "", remotePrefix: "" },
    { topic: "", localPrefix: "a", remotePrefix: "b/c" },
    { topic: "+/x/#" },
    { remotePrefix: "$aws/things/x/" },
  ])("that is sound has no complaint: %p", (change) => {
    expect(complaint(change)).toBeUndefined();
  });

  test.each<[Partial<BridgeRule>, string]>([
    [{ localPrefix: "a/+/" }, `"a/+/" is not a valid MQTT bridge topic prefix because it contains '+' or '#'`],
    [{ remotePrefix: "a/#" }, `"a/#" is not a valid MQTT bridge topic prefix because it contains '+' or '#'`],
    [{ localPrefix: "a" }, `"a" is not a valid MQTT bridge topic prefix as it is missing a trailing slash`],
    [{ remotePrefix: "a" }, `"a" is not a valid MQTT bridge topic prefix as it is missing a trailing slash`],
    [{ topic: "a/#/b" }, `"a/#/b" is not a valid MQTT bridge topic filter`],
    [{ topic: "a+" }, `"a+" is not a valid MQTT bridge topic filter`],
  ])("%p: %p", (change, text) => {
    expect(complaint(change)).toBe(text);
  });

  test.each<Partial<BridgeRule>>([
    { topic: "", localPrefix: "" },
    { topic: "", remotePrefix: "" },
    { topic: "", localPrefix: "", remotePrefix: "" },
  ])("needs a topic or both prefixes: %p", (change) => {
    expect(complaint(change)).toEndWith(
      "is not a valid rule, at least one of the topic filter or both prefixes must be non-empty",
    );
  });

  test("has the wildcards of the target side's prefix told first, and the slash of the subscribed side's", () => {
    const wild = { localPrefix: "l+/", remotePrefix: "r+/" };
    expect(complaint(wild)).toStartWith(`"r+/"`);
    expect(complaint({ ...wild, direction: "inbound" })).toStartWith(`"l+/"`);
    const open = { localPrefix: "l", remotePrefix: "r" };
    expect(complaint(open)).toStartWith(`"l"`);
    expect(complaint({ ...open, direction: "inbound" })).toStartWith(`"r"`);
  });

  test("has wildcards in a prefix told before a missing topic, and that before a missing slash", () => {
    expect(complaint({ topic: "", localPrefix: "", remotePrefix: "#" })).toContain("contains '+' or '#'");
    expect(complaint({ topic: "", localPrefix: "", remotePrefix: "x" })).toContain("must be non-empty");
  });
});
