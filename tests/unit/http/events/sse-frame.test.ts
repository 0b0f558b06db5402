import { expect, test } from "bun:test";
import fc from "fast-check";
import { commentFrame, controlFrame, eventFrame, idFrame, retryField } from "../../../../src/http/events/sse-frame.ts";
import { SseClient } from "./sse-client.ts";

function interpret(text: string): SseClient {
  const client = new SseClient();
  client.feed(text);
  return client;
}

test("an event has a type, an id and data", () => {
  const { events } = interpret(eventFrame({ kind: "alarm", id: "abc-1", text: '{"a":1}' }));
  expect(events).toEqual([{ type: "alarm", data: '{"a":1}', lastEventId: "abc-1" }]);
});

test("whatever a document holds, the client gets it as it was, however the stream is cut into pieces", () => {
  const unit = fc.constantFrom(
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    ":",
    " ",
    "\0",
    "\u2028",
    "é",
    "\u{1f600}",
    "data: x",
    "id: 1",
  );
  const text = fc.string({ unit, maxLength: 20 });
  const documents = fc.array(fc.dictionary(text, text, { noNullPrototype: true, maxKeys: 3 }), { maxLength: 3 });
  fc.assert(
    fc.property(documents, fc.integer({ min: 1, max: 20 }), (all, size) => {
      const stream = all.map((one, index) => eventFrame({ kind: "twin", id: `e-${index}`, text: JSON.stringify(one) }));
      const client = new SseClient();
      for (const piece of stream.join("").match(new RegExp(`[^]{1,${size}}`, "g")) ?? []) client.feed(piece);
      expect(client.events.map(({ data }) => JSON.parse(data))).toEqual(all);
    }),
  );
});

test("an event of control leaves the id as it was", () => {
  const { events } = interpret(idFrame("abc-7") + controlFrame("reset", "{}"));
  expect(events).toEqual([{ type: "reset", data: "{}", lastEventId: "abc-7" }]);
});

test("an id alone is kept, and no event is dispatched", () => {
  const { events, lastEventId } = interpret(idFrame("abc-7"));
  expect([events, lastEventId]).toEqual([[], "abc-7"]);
});

test("a comment means nothing", () => {
  const { events, comments } = interpret(commentFrame("heartbeat"));
  expect([events, comments]).toEqual([[], [" heartbeat"]]);
});

test("the time to wait before connecting again is told in milliseconds", () => {
  expect(interpret(retryField(2_000) + idFrame("a")).reconnectionTime).toBe(2_000);
});
