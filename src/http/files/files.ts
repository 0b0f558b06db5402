import { type Context, Hono } from "hono";
import type { Log } from "../../base/log.ts";
import type { FileStore } from "../../files/store/file-store.ts";
import { decodeRequestPath } from "../../files/store/store-path.ts";
import { readPreconditions } from "../preconditions.ts";
import { emptyResponse, problemResponse, textProblem } from "../problem.ts";
import { rawQuery } from "../raw-target.ts";
import { answerWithFile, answerWithHead } from "./file-answer.ts";
import { answerFault, answerUploadFault } from "./file-problem.ts";
import { partialRoutes, type RequestedFile } from "./partial-uploads.ts";
import { readContentLength } from "./upload-fields.ts";

export interface FileRoutesOptions {
  readonly files: FileStore;
  readonly log: Log;
}

const ALLOW = "GET,HEAD,PUT,DELETE";

/** Uploads, downloads and removals below `prefix`, which has no slash at its end (spec/http-api §2). */
export function fileRoutes(prefix: string, { files, log }: FileRoutesOptions): Hono {
  const routes = new Hono();
  const partial = partialRoutes({ uploads: files.uploads, maxSize: () => files.usage().limit, log });

  const on = (handle: (file: RequestedFile, request: Request) => Promise<Response>) => async (context: Context) => {
    const { path: url, raw: request } = context.req;
    const raw = url.slice(prefix.length + 1);
    if (raw === "") return emptyResponse(404);
    const path = decodeRequestPath(raw);
    if (!path.ok) return problemResponse(textProblem(400, path.fault.message));
    const file = { url, path: path.value };
    const upload = new URLSearchParams(rawQuery(request)).get("upload");
    return upload === null ? await handle(file, request) : await partial.use(file, upload, request);
  };

  routes.put(
    `${prefix}/*`,
    on(async (file, request) => {
      if (partial.begins(request)) return await partial.create(file, request);
      const length = readContentLength(request.headers);
      const condition = readPreconditions(request.headers);
      const stored = await files.put(file.path, request.body ?? NOTHING, {
        ...(length === undefined ? {} : { length }),
        ...(condition === undefined ? {} : { condition }),
      });
      return stored.ok
        ? emptyResponse(201, { etag: stored.value.etag })
        : answerUploadFault(log, file.path, stored.fault);
    }),
  );

  routes.get(
    `${prefix}/*`,
    on(async ({ path }, { method, headers }) => {
      if (method === "HEAD") {
        const found = await files.find(path);
        return found.ok ? answerWithHead(found.value, headers) : answerFault(log, "look at", path, found.fault);
      }
      const opened = await files.read(path);
      return opened.ok ? await answerWithFile(opened.value, headers) : answerFault(log, "download", path, opened.fault);
    }),
  );

  routes.delete(
    `${prefix}/*`,
    on(async ({ path }, { headers }) => {
      const removed = await files.remove(path, readPreconditions(headers));
      return removed.ok ? emptyResponse(202) : answerFault(log, "delete", path, removed.fault);
    }),
  );

  routes.all(
    `${prefix}/*`,
    on(async (_file, { method }) =>
      emptyResponse(405, { allow: ALLOW, ...(method === "OPTIONS" ? partial.advertisement : {}) }),
    ),
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
