/**
 * Remembers what was published on a topic and has not come back yet. The broker sends everything to everybody in one order, so an own message that
 * is still out tells that whatever arrives now was published before it (MQTT-4.6.0-6).
 */
export interface EchoLedger {
  published(topic: string, text: string): void;
  /** It never got to the broker, so it will not come back. */
  lost(topic: string, text: string): void;
  /** Whether a received message is one of ours; earlier ones of the same topic are then no longer out. */
  received(topic: string, text: string): boolean;
  /** Something of ours on this topic is still out. */
  isOut(topic: string): boolean;
}

const PER_TOPIC = 64;
const TOPICS = 4_096;

export function createEchoLedger(): EchoLedger {
  const out = new Map<string, string[]>();
  const keep = (topic: string, texts: string[]) => {
    out.delete(topic);
    if (texts.length > 0) out.set(topic, texts);
  };
  return {
    published(topic, text) {
      keep(topic, [...(out.get(topic) ?? []), text].slice(-PER_TOPIC));
      const [oldest] = out.keys();
      if (out.size > TOPICS && oldest !== undefined) out.delete(oldest);
    },
    lost(topic, text) {
      const texts = out.get(topic) ?? [];
      const at = texts.lastIndexOf(text);
      if (at !== -1) keep(topic, texts.toSpliced(at, 1));
    },
    received(topic, text) {
      const texts = out.get(topic) ?? [];
      const at = texts.indexOf(text);
      if (at !== -1) keep(topic, texts.slice(at + 1));
      return at !== -1;
    },
    isOut: (topic) => out.has(topic),
  };
}
