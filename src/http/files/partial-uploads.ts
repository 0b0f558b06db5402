import { stringifyJson } from "../../base/json.ts";
import type { Log } from "../../base/log.ts";
import type { PartialUpload, PartialUploadFault, PartialUploads } from "../../files/store/partial-uploads.ts";
import { readPreconditions } from "../preconditions.ts";
import { emptyResponse, problemResponse, textProblem } from "../problem.ts";
import { answerUploadFault } from "./file-problem.ts";
import { readContentLength, readUploadFields } from "./upload-fields.ts";

/** Media type of the content of a PATCH. */
export const PARTIAL_UPLOAD = "application/partial-upload";
const ALLOW = "HEAD,PATCH,DELETE";
const PROBLEM_TYPES = "https://iana.org/assignments/http-problem-types#";

export interface PartialRoutesOptions {
  readonly uploads: PartialUploads;
  /** Bytes that all files may take up together. */
  readonly maxSize: () => number;
  readonly log: Log;
}

/** The file that a request is about. */
export interface RequestedFile {
  /** As in the URL. */
  readonly url: string;
  /** Decoded, below the store. */
  readonly path: string;
}

/**
 * Uploads in several requests (draft-ietf-httpbis-resumable-upload, as it stands after -11). A PUT of a file with `Upload-Complete: ?0`
 * begins one; its URL is that of the file with the query `upload=<id>`, so that whoever may write the file may continue its upload. The
 * server cannot send the interim response 104, so a PUT with `Upload-Complete: ?1` is an ordinary one. A client that does not know the
 * server asks with OPTIONS for `Accept-Patch` first: to one that does not know of this, the PUT would be an upload of an empty file.
 */
export interface PartialRoutes {
  /** True for a PUT that begins an upload. */
  begins(request: Request): boolean;
  create(file: RequestedFile, request: Request): Promise<Response>;
  /** A request to the URL of an upload. */
  use(file: RequestedFile, id: string, request: Request): Promise<Response>;
  /** What OPTIONS tells of the uploads that a file can have. */
  readonly advertisement: Readonly<Record<string, string>>;
}

export function partialRoutes({ uploads, maxSize, log }: PartialRoutesOptions): PartialRoutes {
  const sizeLimit = () => (Number.isFinite(maxSize()) ? [`max-size=${maxSize()}`] : []);

  const limits = ({ maxAge }: PartialUpload) => [...sizeLimit(), `max-age=${maxAge}`].join(", ");

  const stateOf = (upload: PartialUpload): Record<string, string> => ({
    "upload-complete": upload.isComplete ? "?1" : "?0",
    "upload-offset": String(upload.offset),
    ...(upload.length === undefined ? {} : { "upload-length": String(upload.length) }),
    "upload-limit": limits(upload),
    "cache-control": "no-store",
  });

  async function append({ path }: RequestedFile, id: string, request: Request): Promise<Response> {
    const { complete, offset, length } = readUploadFields(request.headers);
    const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
    if (type !== PARTIAL_UPLOAD) {
      const text = `An upload is continued by content of the type ${PARTIAL_UPLOAD}`;
      return withHeaders(problemResponse(textProblem(415, text)), { "accept-patch": PARTIAL_UPLOAD });
    }
    if (complete === undefined || offset === undefined) {
      const text = "An upload is continued with the fields Upload-Offset (bytes) and Upload-Complete (?0 or ?1)";
      return problemResponse(textProblem(400, text));
    }
    const contentLength = readContentLength(request.headers);
    const part = { content: request.body, contentLength, length, offset, isLast: complete };
    const appended = await uploads.append(path, id, part);
    if (!appended.ok) return refuse(path, appended.fault);
    const { value } = appended;
    if (value.kind === "open") return emptyResponse(204, stateOf(value.upload));
    return emptyResponse(201, { "upload-complete": "?1", etag: value.file.etag });
  }

  function refuse(path: string, fault: PartialUploadFault): Response {
    const known = problemOf(fault);
    const response = known ?? answerUploadFault(log, path, fault);
    return withHeaders(response, fault.detail?.isComplete === true ? { "upload-complete": "?1" } : {});
  }

  return {
    get advertisement() {
      return { "accept-patch": PARTIAL_UPLOAD, "upload-limit": sizeLimit().join(", ") };
    },

    begins: (request) => readUploadFields(request.headers).complete === false,

    async create({ url, path }, request) {
      const { length } = readUploadFields(request.headers);
      const part = { content: request.body, contentLength: readContentLength(request.headers), length };
      const created = await uploads.create(path, part, readPreconditions(request.headers));
      if (!created.ok) return refuse(path, created.fault);
      return emptyResponse(201, { location: `${url}?upload=${created.value.id}`, ...stateOf(created.value) });
    },

    async use(file, id, request) {
      switch (request.method) {
        case "GET":
        case "HEAD": {
          const found = await uploads.find(file.path, id);
          return found.ok ? emptyResponse(204, stateOf(found.value)) : refuse(file.path, found.fault);
        }
        case "PATCH":
          return await append(file, id, request);
        case "DELETE": {
          const cancelled = await uploads.cancel(file.path, id);
          return cancelled.ok ? emptyResponse(204) : refuse(file.path, cancelled.fault);
        }
        default:
          return emptyResponse(405, { allow: ALLOW });
      }
    },
  };
}

/** The answers for which the draft defines a problem type (RFC 9457). */
function problemOf(fault: PartialUploadFault): Response | undefined {
  switch (fault.code) {
    case "offset-mismatch": {
      const expected = Number(fault.detail?.expected);
      const offsets = { "expected-offset": expected, "provided-offset": Number(fault.detail?.provided) };
      const response = typedProblem(409, "mismatching-upload-offset", fault.message, offsets);
      return withHeaders(response, { "upload-offset": String(expected), "upload-complete": "?0" });
    }
    case "completed":
      return withHeaders(typedProblem(400, "completed-upload", fault.message), { "upload-complete": "?1" });
    case "length-mismatch":
      return typedProblem(400, "inconsistent-upload-length", fault.message);
    default:
      return undefined;
  }
}

function typedProblem(
  status: number,
  type: string,
  title: string,
  more: Readonly<Record<string, number>> = {},
): Response {
  const body = stringifyJson({ type: `${PROBLEM_TYPES}${type}`, title, status, ...more });
  return new Response(body, { status, headers: { "content-type": "application/problem+json" } });
}

function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}
