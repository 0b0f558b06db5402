import { ok, type Result } from "../../base/result.ts";
import type { TransferFault } from "./transfer-fault.ts";

/** What a request carries. It can be sent again, as a redirect or another try asks for it. */
export interface RequestBody {
  /** Opens it for one request; `onProgress` is told how many bytes were taken each time. */
  open(onProgress: (bytes: number) => void): Promise<Result<OpenBody, TransferFault>>;
}

export interface OpenBody {
  readonly content: BodyInit;
  readonly type: string;
  /** Bytes that it has. */
  readonly size: number;
  /** Frees what it holds, sent or not; may be called twice. */
  close(): Promise<void>;
}

export function textBody(text: string, type: string): RequestBody {
  const content = new TextEncoder().encode(text);
  return { open: async () => ok({ content, type, size: content.byteLength, close: async () => undefined }) };
}
