/**
 * A body that the runtime reads from the file itself when it answers, with the length known and the fastest it can; `undefined` where
 * the runtime has none. Bun obeys a Range header of the request on its own for such a body.
 */
export function wholeFile(path: string): Blob | undefined {
  return typeof Bun === "undefined" ? undefined : Bun.file(path);
}
