/** Signals that a service obeys without ending. */
export interface ServiceSignals {
  /** Read the log levels again. */
  readonly SIGHUP: () => void;
  /** Restart the mappers. */
  readonly SIGUSR1: () => void;
}

/** Obeys SIGHUP and SIGUSR1, which end a process that does not, until the returned function is called. */
export function obeySignals(signals: ServiceSignals): () => void {
  process.on("SIGHUP", signals.SIGHUP);
  process.on("SIGUSR1", signals.SIGUSR1);
  return () => {
    process.off("SIGHUP", signals.SIGHUP);
    process.off("SIGUSR1", signals.SIGUSR1);
  };
}

/** Keeps SIGHUP and SIGUSR1 from ending a service that does not obey them yet, or no longer. */
export function outliveReloads(): void {
  for (const signal of ["SIGHUP", "SIGUSR1"]) process.off(signal, ignore).on(signal, ignore);
}

function ignore(): void {}
