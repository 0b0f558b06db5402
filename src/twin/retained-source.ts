import type { Result } from "../base/result.ts";
import type { ReceivedMessage } from "../bus/message.ts";

/**
 * Reads what the broker retains below the filters, over a connection of its own, anonymous and clean (spec/mqtt-api §4.8, §14.1). Resolves
 * when no more comes, with a fault when the broker could not be asked or the connection broke. Has a timeout of its own.
 */
export type RetainedSource = (
  filters: readonly string[],
  onMessage: (message: ReceivedMessage) => void,
  signal: AbortSignal,
) => Promise<Result<undefined>>;
