import type { Message } from "./message.ts";

/** Bytes that a PUBLISH takes on the wire under MQTT 3.1.1 (spec/mqtt-api §15). */
export function wireSize(message: Message): number {
  const remaining = 2 + Buffer.byteLength(message.topic) + (message.qos > 0 ? 2 : 0) + message.payload.byteLength;
  return 1 + lengthBytes(remaining) + remaining;
}

/** The largest packet that MQTT can carry, and the default limit of everything that has one. */
export const LARGEST_PACKET = 268_435_455;

function lengthBytes(remaining: number): number {
  if (remaining < 128) return 1;
  if (remaining < 16_384) return 2;
  return remaining < 2_097_152 ? 3 : 4;
}
