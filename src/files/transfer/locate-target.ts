import { ok, type Result } from "../../base/result.ts";
import type { StoredFile } from "../store/stored-file.ts";
import { openSource } from "./file-body.ts";
import { finalUrl } from "./final-url.ts";
import { headersFor } from "./redirect.ts";
import type { TransferFault } from "./transfer-fault.ts";
import type { TransferOptions } from "./transfer-options.ts";

/** A file, and where to send it. */
export interface LocatedTarget {
  readonly source: StoredFile;
  readonly url: string;
  /** Those that may go there. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Finds out where the URL for a file leads; there is no request when the file at `path` cannot be opened (spec/http-api §7.2). */
export async function locateTarget(
  path: string,
  { url, headers = {} }: { readonly url: string; readonly headers?: Readonly<Record<string, string>> },
  options: TransferOptions,
): Promise<Result<LocatedTarget, TransferFault>> {
  const present = await openSource(path);
  if (!present.ok) return present;
  const source = present.value;
  await source.close();
  const final = await finalUrl(url, headers, options);
  return final.ok ? ok({ source, url: final.value, headers: headersFor(url, final.value, headers) }) : final;
}
