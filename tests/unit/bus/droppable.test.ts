import { expect, test } from "bun:test";
import { droppableOn, isFireAndForget } from "../../../src/bus/droppable.ts";
import { retained, transient } from "../../../src/bus/message.ts";
import { topicSchema } from "../../../src/bus/topic.ts";

const isDroppable = droppableOn(topicSchema("te"));

test.each(["m/env", "m/", "e/login"])("telemetry on %s may be dropped", (channel) => {
  expect(isDroppable(transient(`te/device/main///${channel}`, "{}"))).toBe(true);
});

test.each(["a/clog", "cmd/restart/1", "twin/name", "status/health", "m/env/meta", "signal/sync", "config", ""])(
  "what is published on %j must not be lost",
  (channel) => {
    expect(isDroppable(retained(`te/device/main///${channel}`, "{}"))).toBe(false);
  },
);

test("what is sent with QoS 0 may be dropped on any topic, unless it is retained", () => {
  expect(isDroppable({ ...transient("x", ""), qos: 0 })).toBe(true);
  expect(isDroppable({ ...retained("x", ""), qos: 0 })).toBe(false);
  expect(isFireAndForget(transient("te/device/main///m/env", ""))).toBe(false);
});

test("measurements below another root are none of ours", () => {
  expect(isDroppable(transient("other/device/main///m/env", "{}"))).toBe(false);
});
