/** The path of a request as it came, neither decoded nor collapsed: `/te/v1/entities/device/main///twin` (spec/http-api §11). */
export function rawPath(request: Request): string {
  const { path } = splitTarget(request.url);
  return path;
}

/** The query of a request as it came, without `?`. */
export function rawQuery(request: Request): string {
  const { query } = splitTarget(request.url);
  return query;
}

/** A request of HTTP/1.0 without Host has a URL that is a path only. */
function splitTarget(url: string): { readonly path: string; readonly query: string } {
  const [target = ""] = url.split("#", 1);
  const authority = target.startsWith("/") ? -1 : target.indexOf("://");
  const start = authority === -1 ? 0 : target.indexOf("/", authority + 3);
  const local = start === -1 ? "/" : target.slice(start);
  const mark = local.indexOf("?");
  return mark === -1 ? { path: local, query: "" } : { path: local.slice(0, mark), query: local.slice(mark + 1) };
}
