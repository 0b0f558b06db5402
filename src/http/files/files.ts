import { type Context, Hono } from "hono";
import type { Log } from "../../base/log.ts";
import { quoteText } from "../../base/quoted-text.ts";
import type { FileStore, FileStoreFault } from "../../files/store/file-store.ts";
import { decodeRequestPath } from "../../files/store/store-path.ts";
import { emptyResponse, problemResponse, textProblem } from "../problem.ts";
import { answerWithFile, answerWithHead } from "./file-answer.ts";

export interface FileRoutesOptions {
  readonly files: FileStore;
  readonly log: Log;
}

const ALLOW = "GET,HEAD,PUT,DELETE";

/** Uploads, downloads and removals below `prefix`, which has no slash at its end (spec/http-api §2). */
export function fileRoutes(prefix: string, { files, log }: FileRoutesOptions): Hono {
  const routes = new Hono();

  const on = (handle: (path: string, context: Context) => Promise<Response>) => async (context: Context) => {
    const raw = context.req.path.slice(prefix.length + 1);
    if (raw === "") return emptyResponse(404);
    const path = decodeRequestPath(raw);
    return path.ok ? await handle(path.value, context) : problemResponse(textProblem(400, path.fault.message));
  };

  const refuse = (what: string, path: string, fault: FileStoreFault) => {
    const problem = FILE_PROBLEMS[fault.code];
    if (problem.logged) log.error(`Request to ${what} ${quoteText(path)} failed`, fault);
    return problemResponse(textProblem(problem.status, problem.text ?? fault.message));
  };

  routes.put(
    `${prefix}/*`,
    on(async (path, context) => {
      const stored = await files.put(path, context.req.raw.body ?? NOTHING);
      if (stored.ok) return emptyResponse(201);
      if (stored.fault.code === "is-directory") return problemResponse(textProblem(409, stored.fault.message));
      return refuse("upload to", path, stored.fault);
    }),
  );

  routes.get(
    `${prefix}/*`,
    on(async (path, { req }) => {
      if (req.method === "HEAD") {
        const found = await files.find(path);
        return found.ok ? answerWithHead(found.value, req.raw.headers) : refuse("look at", path, found.fault);
      }
      const opened = await files.read(path);
      return opened.ok ? await answerWithFile(opened.value, req.raw.headers) : refuse("download", path, opened.fault);
    }),
  );

  routes.delete(
    `${prefix}/*`,
    on(async (path) => {
      const removed = await files.remove(path);
      return removed.ok ? emptyResponse(202) : refuse("delete", path, removed.fault);
    }),
  );

  routes.all(
    `${prefix}/*`,
    on(async () => emptyResponse(405, { allow: ALLOW })),
  );
  return routes;
}

/** The same below the path of earlier releases, whose answers say that it is deprecated (spec/http-api §2.1). */
export function deprecatedFileRoutes(prefix: string, options: FileRoutesOptions): Hono {
  const routes = new Hono();
  routes.use(`${prefix}/*`, async (context, next) => {
    await next();
    for (const [name, value] of DEPRECATION) {
      if (!context.res.headers.has(name)) context.res.headers.set(name, value);
    }
  });
  return routes.route("/", fileRoutes(prefix, options));
}

const DEPRECATION = [
  ["deprecation", "true"],
  ["sunset", "Thu, 31 Dec 2025 23:59:59 GMT"],
  ["link", '</te/v1/files>; rel="deprecation"'],
] as const;

async function* nothing(): AsyncGenerator<Uint8Array> {}

const NOTHING = { [Symbol.asyncIterator]: nothing };

interface FileProblem {
  readonly status: number;
  /** Instead of the fault's message, which is not for clients. */
  readonly text?: string;
  readonly logged: boolean;
}

const FILE_PROBLEMS: Readonly<Record<FileStoreFault["code"], FileProblem>> = {
  outside: { status: 404, logged: false },
  "not-found": { status: 404, logged: false },
  "is-directory": { status: 404, logged: false },
  "disk-full": { status: 507, text: "Not enough disk space", logged: true },
  interrupted: { status: 500, text: "Internal error", logged: true },
  io: { status: 500, text: "Internal error", logged: true },
};
