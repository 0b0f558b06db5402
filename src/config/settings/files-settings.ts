import { setting } from "../setting.ts";
import { expiryType } from "../types/expiry-type.ts";
import { sizeLimitType } from "../types/size-limit-type.ts";

/** `files.*`: bounds of the file transfer service, which the reference has not (spec/http-api §2.6). */
export const FILES_SETTINGS = {
  "files.max_total": setting(sizeLimitType, {
    default: "50%",
    doc: "Most that the files of the file transfer service take up together: a size, or a part of the file system that holds them",
    note: "An upload that does not fit is refused with status 507. Each file counts as whole blocks of 4 KiB",
    examples: ["50%", "500M", "2GB"],
  }),
  "files.expire_after": setting(expiryType, {
    default: "never",
    doc: "Time after which a file that was not written to again is removed from the file transfer service",
    note: "Unless it is never, the oldest files are also removed earlier when room is needed for an upload",
    examples: ["never", "30d", "12h"],
  }),
} as const;
