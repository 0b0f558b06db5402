import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LONGEST_HEAD, plainAnswer } from "../../../../src/platform/front/plain-answer.ts";

const NO_HTTP = "This server does not support HTTP. Please retry this request using HTTPS";

const head = (requestLine: string, ...fields: readonly string[]) => [requestLine, ...fields, "", ""].join("\r\n");

describe("plain HTTP where TLS is spoken", () => {
  test.each([
    ["GET / HTTP/1.1", "gateway:8000", "https://gateway:8000/"],
    ["GET /te/v1/files/a%2F..//b?x=1&y HTTP/1.1", "gateway", "https://gateway/te/v1/files/a%2F..//b?x=1&y"],
    ["PUT /unknown HTTP/1.0", "127.0.0.1:8000", "https://127.0.0.1:8000/unknown"],
    ["M-SEARCH /x HTTP/1.1", "[::1]:8000", "https://[::1]:8000/x"],
    ["GET http://other/path?q HTTP/1.1", "gateway", "https://gateway/path?q"],
    ["GET http://other?q HTTP/1.1", "gateway", "https://gateway?q"],
    ["GET http://other HTTP/1.1", "gateway", "https://gateway/"],
    ["OPTIONS * HTTP/1.1", "gateway", "https://gateway/"],
  ])("%s is redirected for the host %s", (requestLine, host, location) => {
    expect(plainAnswer(head(requestLine, "X: y", `hOsT:  ${host} `, "Content-Length: 5"))).toBe(
      `HTTP/1.1 307 Temporary Redirect\r\nLocation: ${location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );
  });

  test.each([
    ["no Host", head("GET / HTTP/1.1")],
    ["two Hosts", head("GET / HTTP/1.1", "Host: a", "Host: b")],
    ["a Host that is none", head("GET / HTTP/1.1", "Host: a/b")],
    ["an empty Host", head("GET / HTTP/1.1", "Host:")],
    ["no target", head("GET HTTP/1.1", "Host: a")],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["MQTT", "\u0010\u000c\u0000\u0004MQTT\u0004"],
    ["what is no method", "(x"],
  ])("%s is answered 400 with what to do", (_what, sent) => {
    expect(plainAnswer(sent)).toStartWith("HTTP/1.1 400 Bad Request\r\n");
    expect(plainAnswer(sent)).toEndWith(`\r\n\r\n${NO_HTTP}`);
  });

  test("is waited for until its head has come", () => {
    const whole = head("GET /x HTTP/1.1", "Host: a");
    for (let length = 0; length < whole.length; length += 1)
      expect(plainAnswer(whole.slice(0, length))).toBeUndefined();
    expect(plainAnswer(`${whole}and more`)).toBe(plainAnswer(whole));
  });

  test("with an endless head is answered 431", () => {
    expect(plainAnswer(`GET / HTTP/1.1\r\nX: ${"x".repeat(LONGEST_HEAD)}`)).toStartWith("HTTP/1.1 431 ");
  });

  test("is answered with one head whatever it holds", () => {
    const text = fc.string({ unit: fc.constantFrom(..."aZ0 :/?.*[]%\r\n\t\0\u00ff-".split("")), maxLength: 60 });
    fc.assert(
      fc.property(text, text, (target, host) => {
        const answer = plainAnswer(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
        expect(answer?.split("\r\n\r\n").length).toBe(2);
        expect(answer).toMatch(/^HTTP\/1\.1 (307|400) [^\r\n]+\r\n([\w-]+: [^\r\n]+\r\n)+\r\n[^\r\n]*$/);
      }),
    );
  });
});
