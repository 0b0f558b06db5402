/** Files that must not be removed because of their age or to make room, by absolute path. A client may still remove them. */
export interface Pins {
  /** Holds until the function that it gives is called; the same file may be pinned several times. */
  pin(path: string): () => void;
  has(path: string): boolean;
}

export function createPins(): Pins {
  const counts = new Map<string, number>();
  return {
    pin(path) {
      counts.set(path, (counts.get(path) ?? 0) + 1);
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        const left = (counts.get(path) ?? 1) - 1;
        if (left === 0) counts.delete(path);
        else counts.set(path, left);
      };
    },
    has: (path) => counts.has(path),
  };
}
