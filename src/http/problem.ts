import { stringifyJson } from "../base/json.ts";

/** An answer that is an error. `json` wraps the text as `{"error":"…"}`; `text` is what the reference answers before a handler runs (spec/http-api §3.1). */
export interface Problem {
  readonly status: number;
  readonly text: string;
  readonly format: "json" | "text";
  /** For `Allow` (RFC 9110 §15.5.6). */
  readonly allow?: string;
}

export function jsonProblem(status: number, text: string): Problem {
  return { status, text, format: "json" };
}

export function textProblem(status: number, text: string): Problem {
  return { status, text, format: "text" };
}

export function problemResponse({ status, text, format, allow }: Problem): Response {
  const headers: Record<string, string> = allow === undefined ? {} : { allow };
  if (format === "json") return jsonResponse(status, stringifyJson({ error: text }), headers);
  return new Response(text, { status, headers: { ...headers, "content-type": "text/plain; charset=utf-8" } });
}

/** `body` is JSON text. Its length is told, so that an answer to HEAD has it too. */
export function jsonResponse(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Response {
  const described = { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) };
  return new Response(body, { status, headers: { ...headers, ...described } });
}

/** An answer without body or content type. */
export function emptyResponse(status: number, headers: Record<string, string> = {}): Response {
  return new Response(null, { status, headers });
}
