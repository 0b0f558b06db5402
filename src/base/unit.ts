/**
 * Everything long-running. Making one does nothing; `start` resolves once it works and gives up when the signal is aborted;
 * `stop` resolves once everything it held is released, and may be called at any time, also twice.
 */
export interface Unit {
  readonly name: string;
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}
