import type { ConnectionLimits } from "../http-listener.ts";
import { isThisMachine } from "../loopback.ts";

/** Who is connected how often. */
export interface ConnectionCensus {
  /** Counts one more connection of a client, or refuses it. */
  admit(address: string): boolean;
  release(address: string): void;
  readonly total: number;
}

/** Clients on this machine share one address, so that only the total counts for them. */
export function connectionCensus(limits: ConnectionLimits): ConnectionCensus {
  const byAddress = new Map<string, number>();
  let total = 0;
  return {
    admit(address) {
      const own = byAddress.get(address) ?? 0;
      if (total >= limits.most || (own >= limits.mostPerClient && !isThisMachine(address))) return false;
      byAddress.set(address, own + 1);
      total += 1;
      return true;
    },
    release(address) {
      const own = byAddress.get(address) ?? 0;
      if (own === 0) return;
      if (own === 1) byAddress.delete(address);
      else byAddress.set(address, own - 1);
      total -= 1;
    },
    get total() {
      return total;
    },
  };
}
