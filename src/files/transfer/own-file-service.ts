import { statusFault, type TransferFault } from "./transfer-fault.ts";

/** Whether a URL is that of a file in the file transfer service of an agent (spec/http-api §7.2). */
export function isOwnFile(url: string): boolean {
  return /^\/(?:te\/v1\/files|tedge\/file-transfer)\//.test(new URL(url).pathname);
}

/** Why an upload was refused. A file transfer service that fails with 500 will fail again: its disk is at fault. */
export function uploadRefusal({ status, statusText }: Response, url: string): TransferFault {
  const refused = statusFault(status, statusText, url);
  return status === 500 && isOwnFile(url) ? { ...refused, code: "refused" } : refused;
}
