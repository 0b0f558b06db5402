import type { Log } from "../../base/log.ts";
import { quoteText } from "../../base/quoted-text.ts";
import type { PartialUploadFault, PartialUploadFaultCode } from "../../files/store/partial-uploads.ts";
import { problemResponse, textProblem } from "../problem.ts";

interface FileProblem {
  readonly status: number;
  /** Instead of the fault's message, which is not for clients. */
  readonly text?: string;
  readonly isLogged?: true;
  readonly headers?: Readonly<Record<string, string>>;
}

const FILE_PROBLEMS: Readonly<Record<PartialUploadFaultCode, FileProblem>> = {
  outside: { status: 404 },
  impossible: { status: 400 },
  "not-found": { status: 404 },
  "is-directory": { status: 404 },
  "precondition-failed": { status: 412 },
  "no-room": { status: 507, isLogged: true },
  "disk-full": { status: 507, text: "Not enough disk space", isLogged: true },
  interrupted: { status: 500, text: "Internal error", isLogged: true },
  io: { status: 500, text: "Internal error", isLogged: true },
  unknown: { status: 404 },
  completed: { status: 400 },
  "offset-mismatch": { status: 409 },
  "length-mismatch": { status: 400 },
  superseded: { status: 409 },
  "too-many": { status: 503, isLogged: true, headers: { "retry-after": "600" } },
};

/** Answers a request that failed, and logs what is no fault of the client's: `Request to <what> "<path>" failed: …` (spec/http-api §2). */
export function answerFault(log: Log, what: string, path: string, fault: PartialUploadFault): Response {
  const { status, text, isLogged, headers = {} } = FILE_PROBLEMS[fault.code];
  if (isLogged) log.error(`Request to ${what} ${quoteText(path)} failed`, fault);
  const response = problemResponse(textProblem(status, text ?? fault.message));
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

/** The same for an upload, to which a directory in its way is a conflict (spec/http-api §2.3). */
export function answerUploadFault(log: Log, path: string, fault: PartialUploadFault): Response {
  if (fault.code === "is-directory") return problemResponse(textProblem(409, fault.message));
  return answerFault(log, "upload to", path, fault);
}
