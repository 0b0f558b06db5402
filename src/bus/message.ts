/** Quality of service of a delivery (MQTT-4.3). */
export type QoS = 0 | 1 | 2;

/** One application message, as published or as received. `payload` must not be changed. */
export interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
}

/** A message as a broker delivered it. `dup` says that the broker may have delivered it before (MQTT-3.3.1.1). */
export interface ReceivedMessage extends Message {
  readonly dup: boolean;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const EMPTY = new Uint8Array(0);

/** QoS 1, retained: registrations, twin data, commands, health, capabilities (spec/mqtt-api §1, §3). */
export function retained(topic: string, payload: string): Message {
  return { topic, payload: encoder.encode(payload), qos: 1, retain: true };
}

/** QoS 1, not retained. */
export function transient(topic: string, payload: string): Message {
  return { topic, payload: encoder.encode(payload), qos: 1, retain: false };
}

/** The empty retained message that takes back what is retained on `topic` (MQTT-3.3.1-10). */
export function cleared(topic: string): Message {
  return { topic, payload: EMPTY, qos: 1, retain: true };
}

/** The payload without the one trailing NUL that clients written in C tend to send (spec/mqtt-api §1). */
export function payloadBytes(message: Message): Uint8Array {
  const { payload } = message;
  return payload.at(-1) === 0 ? payload.subarray(0, -1) : payload;
}

/** The payload as text, one trailing NUL removed; `undefined` when it is not UTF-8. */
export function payloadText(message: Message): string | undefined {
  try {
    return decoder.decode(payloadBytes(message));
  } catch {
    return undefined;
  }
}
