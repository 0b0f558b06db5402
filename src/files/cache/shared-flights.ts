import { fault } from "../../base/fault.ts";
import { err, type Result } from "../../base/result.ts";

/** Work that is done once for all who want it at the same time. */
export interface SharedFlights<T> {
  /**
   * Joins the work of this key, or begins it. Who does not want it any more leaves by the signal, with the code `aborted`; the work itself is
   * aborted when the last one has left.
   */
  join(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<Result<T>>): Promise<Result<T>>;
  has(key: string): boolean;
}

interface Flight<T> {
  readonly landed: Promise<Result<T>>;
  readonly abandoned: AbortController;
  passengers: number;
}

export function sharedFlights<T>(): SharedFlights<T> {
  const flights = new Map<string, Flight<T>>();

  const begin = (key: string, work: (signal: AbortSignal) => Promise<Result<T>>): Flight<T> => {
    const abandoned = new AbortController();
    const landed = work(abandoned.signal).finally(() => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    const flight: Flight<T> = { landed, abandoned, passengers: 0 };
    flights.set(key, flight);
    return flight;
  };

  return {
    has: (key) => flights.has(key),
    async join(key, signal, work) {
      if (signal.aborted) return left();
      const flight = flights.get(key) ?? begin(key, work);
      flight.passengers += 1;
      const leave = Promise.withResolvers<Result<T>>();
      const onAbort = () => {
        flight.passengers -= 1;
        if (flight.passengers === 0) {
          // Whoever comes now begins anew: this one will not arrive.
          if (flights.get(key) === flight) flights.delete(key);
          flight.abandoned.abort();
        }
        leave.resolve(left());
      };
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        return await Promise.race([flight.landed, leave.promise]);
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },
  };
}

function left(): Result<never> {
  return err(fault("aborted", "Stopped before it was done"));
}
