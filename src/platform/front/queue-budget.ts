/** Someone who holds bytes that the other end does not take. */
export interface QueueHolder {
  /** Gives up the connection. */
  cut(): void;
}

/** Bounds what all relays hold together, in bytes. */
export interface QueueBudget {
  /** A holder moved, and now holds so many bytes; 0 when it is done. */
  holds(holder: QueueHolder, bytes: number): void;
}

/** When all together hold more than `most` bytes, those that stand still the longest are cut. */
export function queueBudget(most: number): QueueBudget {
  /** In the order in which they moved last. */
  const held = new Map<QueueHolder, number>();
  let total = 0;
  return {
    holds(holder, bytes) {
      total += bytes - (held.get(holder) ?? 0);
      held.delete(holder);
      if (bytes > 0) held.set(holder, bytes);
      for (const [oldest, size] of held) {
        if (total <= most) break;
        held.delete(oldest);
        total -= size;
        oldest.cut();
      }
    },
  };
}
