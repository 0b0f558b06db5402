import { expect, test } from "bun:test";
import { describeFault, FaultError, fault, faultChain, toFault } from "../../../src/base/fault.ts";

test("whatever is thrown becomes a fault with its chain of causes", () => {
  const root = Object.assign(new Error("no space left"), { code: "ENOSPC" });
  const top = toFault(new Error("cannot save", { cause: root }));
  expect(faultChain(top)).toEqual(["cannot save", "no space left"]);
  expect(top.cause?.code).toBe("ENOSPC");
  expect(toFault("text")).toEqual({ code: "unknown", message: "text" });
});

test("a fault that crossed an exception comes out unchanged", () => {
  const inner = fault("port-taken", "Port 8000 is taken", { detail: { port: 8000 } });
  expect(toFault(new FaultError(inner))).toBe(inner);
  expect(toFault(inner)).toBe(inner);
});

test("a chain is told on one line, outermost first", () => {
  expect(describeFault(fault("a", "outer", { cause: fault("b", "inner") }))).toBe("outer: inner");
});
