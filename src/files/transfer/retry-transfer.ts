import { describeFault } from "../../base/fault.ts";
import { err, type Result } from "../../base/result.ts";
import { retry } from "../../base/retry.ts";
import { ABORTED, isPassing, type TransferFault } from "./transfer-fault.ts";
import { TRANSFER_POLICY, type TransferOptions } from "./transfer-options.ts";

/** Tries again while the failure may pass, as long as the policy's budget lasts (spec/http-api §7). */
export async function retryTransfer<T>(
  attempt: () => Promise<Result<T, TransferFault>>,
  options: TransferOptions,
): Promise<Result<T, TransferFault>> {
  const { backoff, budget } = options.policy ?? TRANSFER_POLICY;
  let last = ABORTED;
  const keepFault = async () => {
    const result = await attempt();
    if (!result.ok) last = result.fault;
    return result;
  };
  const result = await retry(keepFault, {
    policy: backoff,
    budget,
    isRetriable: isPassing,
    onRetry: (fault, delay) =>
      options.log.warn(`Temporary failure: ${describeFault(fault)}. Retrying in ${Math.round(delay / 1_000)}s`),
    signal: options.signal,
    clock: options.clock,
    random: options.random,
  });
  if (result.ok) return result;
  return err(options.signal.aborted ? ABORTED : last);
}
