import { toFault } from "./fault.ts";

/** The errors of Linux by name, with the number and text that people know and scripts look for. */
const ERRORS: Readonly<Record<string, readonly [number: number, text: string]>> = {
  EPERM: [1, "Operation not permitted"],
  ENOENT: [2, "No such file or directory"],
  EIO: [5, "Input/output error"],
  ENOEXEC: [8, "Exec format error"],
  EACCES: [13, "Permission denied"],
  EBUSY: [16, "Device or resource busy"],
  EEXIST: [17, "File exists"],
  ENOTDIR: [20, "Not a directory"],
  EISDIR: [21, "Is a directory"],
  EMFILE: [24, "Too many open files"],
  ENOSPC: [28, "No space left on device"],
  EROFS: [30, "Read-only file system"],
  ENAMETOOLONG: [36, "File name too long"],
  ENOTEMPTY: [39, "Directory not empty"],
  ELOOP: [40, "Too many levels of symbolic links"],
  EADDRINUSE: [98, "Address already in use"],
  EDQUOT: [122, "Disk quota exceeded"],
};

/** `Permission denied (os error 13)`: what the operating system said, as the reference prints it; the deepest cause counts. */
export function osErrorText(thrown: unknown): string {
  let last = toFault(thrown);
  while (last.cause !== undefined) last = last.cause;
  const known = ERRORS[last.code];
  return known === undefined ? last.message : `${known[1]} (os error ${known[0]})`;
}
