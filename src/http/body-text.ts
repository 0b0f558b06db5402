import { err, ok, type Result } from "../base/result.ts";
import { type Problem, textProblem } from "./problem.ts";

/** Largest body of a request about entities, in bytes (spec/http-api §3.1). */
export const LARGEST_BODY = 1_048_576;

/** The whole body as text, at most `LARGEST_BODY` bytes of UTF-8; a longer one is not read to its end. */
export async function readBodyText(request: Request): Promise<Result<string, Problem>> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > LARGEST_BODY) return err(TOO_LONG);
  let text = "";
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > LARGEST_BODY) return err(TOO_LONG);
    try {
      text += decoder.decode(chunk, { stream: true });
    } catch {
      return err(NOT_UTF8);
    }
  }
  try {
    return ok(text + decoder.decode());
  } catch {
    return err(NOT_UTF8);
  }
}

const TOO_LONG = textProblem(413, "Failed to buffer the request body: length limit exceeded");
/** Identity tells it from other problems. */
export const NOT_UTF8 = textProblem(400, "Request body didn't contain valid UTF-8: invalid utf-8 sequence");
