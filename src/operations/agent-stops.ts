/** Why the signal of a step is aborted when it is not that the command was cleared or took too long. */
const AGENT_STOPS = new DOMException("The agent stops", "AbortError");

/** Ends a step because the agent stops; it may be done again at the next start. */
export function abortForStop(step: AbortController): void {
  step.abort(AGENT_STOPS);
}

/** Whether the agent stops: what must not be broken off may still come to its end, within the time that a stop has. */
export function isStopping(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason === AGENT_STOPS;
}

/** Aborted like `signal`, but not when the agent stops. */
export function withoutStop(signal: AbortSignal): AbortSignal {
  const cancelled = new AbortController();
  const pass = () => {
    if (!isStopping(signal)) cancelled.abort(signal.reason);
  };
  if (signal.aborted) pass();
  else signal.addEventListener("abort", pass, { once: true });
  return cancelled.signal;
}
