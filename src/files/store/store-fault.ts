import type { Fault } from "../../base/fault.ts";

export type FileStoreFaultCode =
  | "outside"
  | "impossible"
  | "not-found"
  | "is-directory"
  | "precondition-failed"
  | "no-room"
  | "disk-full"
  | "interrupted"
  | "io";
/** The message of those before `disk-full` is a text of spec/http-api §2.3-2.5 or like them, fit for a client; that of the others is for the log. */
export type FileStoreFault = Fault<FileStoreFaultCode>;
