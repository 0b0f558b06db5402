import { Fifo } from "../base/fifo.ts";
import type { QoS } from "./message.ts";

/** The acknowledgements that one connection owes to its broker. */
export interface AckQueue {
  /** Notes a received message of QoS>0; the returned function says that it is safe. Calling that twice, or after `close`, does nothing. */
  arrived(packetId: number, qos: QoS): () => void;
  /** Messages that are not acknowledged yet. */
  readonly owed: number;
  /** The connection is gone: what it still owed will be delivered again. */
  close(): void;
}

interface Owed {
  readonly packetId: number;
  readonly qos: QoS;
  safe: boolean;
}

/** Lets acknowledgements leave in the order in which the messages came, whatever the order in which they were handled (MQTT-4.6.0-2, MQTT-4.6.0-3). */
export function createAckQueue(send: (packetId: number, qos: QoS) => void): AckQueue {
  const queue = new Fifo<Owed>();
  let open = true;
  const release = () => {
    for (let head = queue.peek(); head?.safe === true; head = queue.peek()) {
      queue.shift();
      send(head.packetId, head.qos);
    }
  };
  return {
    arrived(packetId, qos) {
      const owed: Owed = { packetId, qos, safe: false };
      queue.push(owed);
      return () => {
        if (!open || owed.safe) return;
        owed.safe = true;
        release();
      };
    },
    get owed() {
      return queue.length;
    },
    close() {
      open = false;
      queue.take(() => true);
    },
  };
}
