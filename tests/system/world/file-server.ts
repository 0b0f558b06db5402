import { join, normalize } from "node:path";

/** An HTTP server on a free port of 127.0.0.1 that offers the files of a directory. */
export interface FileServer extends AsyncDisposable {
  readonly url: string;
  /** Gives something else for a path, such as `/SHA256SUMS`. */
  replace(path: string, content: string): void;
  stop(): Promise<void>;
}

export function serveFiles(directory: string): FileServer {
  const replaced = new Map<string, string>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const content = replaced.get(pathname);
      if (content !== undefined) return new Response(content);
      const file = Bun.file(join(directory, normalize(pathname)));
      return (await file.exists()) ? new Response(file) : new Response("not found", { status: 404 });
    },
  });
  const stop = () => server.stop(true);
  return {
    url: `http://127.0.0.1:${server.port}`,
    replace: (path, content) => {
      replaced.set(path, content);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
