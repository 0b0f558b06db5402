import { type Fault, fault } from "../../base/fault.ts";

/**
 * What `<root>/errors` says of a message that a flow could not take (spec/mqtt-api §8); `flowFile` is the path of its definition.
 * The reference does not tell whose message it was, so the topic is named at the end.
 */
export function inputRejected(flowFile: string, { message }: Fault, topic?: string): string {
  const note = topic === undefined ? "" : ` (topic: ${topic})`;
  return `Error in ${flowFile}: Input message cannot be processed: ${message}${note}`;
}

/** What `<root>/errors` says of a message that could not be converted outside of a flow. */
export function conversionFailed(topic: string, { message }: Fault): string {
  return `Failed to convert a message on topic '${topic}': ${message}`;
}

/** A message that its cloud does not take; `limit` in bytes on the wire (spec/mqtt-api §15). */
export function payloadTooLarge(limit: number): Fault<"payload-too-large"> {
  return fault("payload-too-large", `Payload is too large >${limit}`);
}

/** A payload that is no text; the *wire* text is that of the reference for measurements. */
export function notText(): Fault<"not-text"> {
  return fault("not-text", "Not an UTF8 payload");
}
