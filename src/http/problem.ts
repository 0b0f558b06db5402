import { stringifyJson } from "../base/json.ts";

/** An answer that is an error. `json` wraps the text as `{"error":"…"}`; `text` is what the reference answers before a handler runs (spec/http-api §3.1). */
export interface Problem {
  readonly status: number;
  readonly text: string;
  readonly format: "json" | "text";
}

export function jsonProblem(status: number, text: string): Problem {
  return { status, text, format: "json" };
}

export function textProblem(status: number, text: string): Problem {
  return { status, text, format: "text" };
}

export function problemResponse({ status, text, format }: Problem): Response {
  if (format === "json") return jsonResponse(status, stringifyJson({ error: text }));
  return new Response(text, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}

/** `body` is JSON text. */
export function jsonResponse(status: number, body: string): Response {
  return new Response(body, { status, headers: { "content-type": "application/json" } });
}

/** An answer without body or content type. */
export function emptyResponse(status: number, headers: Record<string, string> = {}): Response {
  return new Response(null, { status, headers });
}
