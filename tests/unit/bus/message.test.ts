import { describe, expect, test } from "bun:test";
import { cleared, type Message, payloadBytes, payloadText, retained, transient } from "../../../src/bus/message.ts";

const bytes = (...payload: number[]): Message => ({ ...cleared("t"), payload: Uint8Array.from(payload) });

describe("a message", () => {
  test("is published with QoS 1 and UTF-8", () => {
    expect(retained("t", "é")).toEqual({ topic: "t", payload: Uint8Array.of(0xc3, 0xa9), qos: 1, retain: true });
    expect(transient("t", "")).toEqual({ topic: "t", payload: new Uint8Array(0), qos: 1, retain: false });
    expect(cleared("t")).toEqual({ topic: "t", payload: new Uint8Array(0), qos: 1, retain: true });
  });

  test.each([
    ["123\0", "123"],
    ["123\0\0", "123\0"],
    ["\0", ""],
    ["", ""],
    ["1\x002", "1\x002"],
  ])("%j is read without exactly one trailing NUL", (sent, read) => {
    expect(payloadText(retained("t", sent))).toBe(read);
  });

  test("that is not UTF-8 has no text, but bytes", () => {
    expect(payloadText(bytes(0xff, 0xfe))).toBeUndefined();
    expect(payloadBytes(bytes(0xff, 0))).toEqual(Uint8Array.of(0xff));
  });

  test("keeps a byte order mark", () => {
    expect(payloadText(bytes(0xef, 0xbb, 0xbf, 0x31))).toBe("\ufeff1");
  });
});
