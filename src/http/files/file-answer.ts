import type { OpenFile, StoredFile } from "../../files/store/stored-file.ts";
import { wholeFile } from "../../platform/whole-file.ts";
import { judgePreconditions, readPreconditions } from "../preconditions.ts";
import { emptyResponse } from "../problem.ts";
import { parseByteRange } from "./byte-range.ts";

/** Up to this size a part is read into memory: one system call instead of a stream. */
const SMALL = 64 * 1024;

/** HEAD of a file (spec/http-api §2.4). */
export function answerWithHead(file: StoredFile, request: Headers): Response {
  return answerByVersion(file, request) ?? emptyResponse(200, describe(file, file.size));
}

/** GET of a file: 200, 206, 304, 412 or 416. Takes care that the file gets closed. */
export async function answerWithFile(file: OpenFile, request: Headers): Promise<Response> {
  const early = answerByVersion(file, request);
  if (early !== undefined) {
    await file.close();
    return early;
  }
  const range = parseByteRange(isOfVersion(file, request) ? request.get("range") : null, file.size);
  switch (range.kind) {
    case "whole":
      return new Response(await wholeBody(file, request), { headers: describe(file, file.size) });
    case "part": {
      const headers = describe(file, range.end - range.start);
      headers["content-range"] = `bytes ${range.start}-${range.end - 1}/${file.size}`;
      return new Response(await partBody(file, range.start, range.end), { status: 206, headers });
    }
    case "unsatisfiable":
      await file.close();
      return emptyResponse(416, { "content-range": `bytes */${file.size}`, "accept-ranges": "bytes" });
  }
}

function describe(file: StoredFile, length: number): Record<string, string> {
  return {
    "content-type": "application/octet-stream",
    "content-length": String(length),
    "last-modified": new Date(file.modified).toUTCString(),
    etag: file.etag,
    "accept-ranges": "bytes",
    "content-disposition": "attachment",
    "x-content-type-options": "nosniff",
  };
}

/** 412 to a client that wants another version, 304 to one that has this one; `undefined` to one that gets the file. */
function answerByVersion(file: StoredFile, request: Headers): Response | undefined {
  const conditions = readPreconditions(request);
  switch (conditions === undefined ? "go-on" : judgePreconditions(conditions, file.etag)) {
    case "go-on":
      return undefined;
    case "failed":
      return emptyResponse(412, { etag: file.etag });
    case "known":
      return emptyResponse(304, { etag: file.etag });
  }
}

/** RFC 9110 §13.1.5: a part is good only for the version that the client has the rest of; dates are too coarse to tell. */
function isOfVersion(file: StoredFile, request: Headers): boolean {
  const version = request.get("if-range");
  return version === null || version.trim() === file.etag;
}

/**
 * Bun sends a file with its length, and fastest, when it opens it by name itself; but then it also obeys a Range header that was
 * found not to apply, and it may open a newer version than that of the entity tag. The second is harmless for a whole file.
 */
async function wholeBody(file: OpenFile, request: Headers): Promise<BodyInit> {
  if (file.size <= SMALL || request.has("range")) return await partBody(file, 0, file.size);
  const body = wholeFile(file.path);
  if (body === undefined) return file.stream(0, file.size);
  await file.close();
  return body;
}

async function partBody(file: OpenFile, start: number, end: number): Promise<BodyInit> {
  return end - start <= SMALL ? await file.bytes(start, end) : file.stream(start, end);
}
