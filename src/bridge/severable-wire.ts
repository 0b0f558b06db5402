import type { Wire, WireConnection } from "../bus/wire.ts";

/** A wire whose connection can be ended from outside of the session that made it; the session then connects again as after any loss. */
export interface SeverableWire extends Wire {
  /** Sends DISCONNECT, so that the broker does not publish the will. Does nothing without a connection. */
  sever(): void;
}

export function severableWire(wire: Wire): SeverableWire {
  let current: WireConnection | undefined;
  return {
    connect(options, events) {
      const connection = wire.connect(options, {
        ...events,
        closed(fault) {
          if (current === connection) current = undefined;
          events.closed(fault);
        },
      });
      current = connection;
      return connection;
    },
    sever: () => current?.disconnect(),
  };
}
