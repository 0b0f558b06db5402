import { expect, test } from "bun:test";
import { createPlaces } from "../../../../src/operations/command/places.ts";

const owner = (name: string) => ({ name });

test("one holds the place, the others follow in order, and who was there before goes ahead", () => {
  const places = createPlaces();
  const [a, b, c, d] = [owner("a"), owner("b"), owner("c"), owner("d")] as const;
  const granted: string[] = [];
  const enter = (who: { name: string }, ahead = false) => places.enter("op", who, () => granted.push(who.name), ahead);
  enter(a);
  enter(b);
  enter(c);
  enter(d, true);
  expect(granted).toEqual(["a"]);
  places.leave("op", a);
  expect(granted).toEqual(["a", "d"]);
  places.leave("op", d);
  places.leave("op", b);
  expect(granted).toEqual(["a", "d", "b", "c"]);
});

test("operations do not wait for each other", () => {
  const places = createPlaces();
  const granted: string[] = [];
  places.enter("x", owner("a"), () => granted.push("x"), false);
  places.enter("y", owner("b"), () => granted.push("y"), false);
  expect(granted).toEqual(["x", "y"]);
});

test("who leaves the queue is not called, and leaving twice does no harm", () => {
  const places = createPlaces();
  const [a, b, c] = [owner("a"), owner("b"), owner("c")] as const;
  const granted: string[] = [];
  for (const who of [a, b, c]) places.enter("op", who, () => granted.push(who.name), false);
  places.leave("op", b);
  places.leave("op", a);
  places.leave("op", a);
  places.leave("other", a);
  expect(granted).toEqual(["a", "c"]);
});

test("once closed, nobody gets a place any more", () => {
  const places = createPlaces();
  const [a, b] = [owner("a"), owner("b")] as const;
  const granted: string[] = [];
  for (const who of [a, b]) places.enter("op", who, () => granted.push(who.name), false);
  places.close();
  places.leave("op", a);
  expect(granted).toEqual(["a"]);
});
