/** One place for each operation of each entity: commands of one operation act one after the other, first come, first served (spec/operations §5.1). */
export interface Places {
  /** Asks for the place; `granted` is called at once or when it gets free. `ahead` goes before all that wait: it was there before. */
  enter(operation: string, owner: object, granted: () => void, ahead: boolean): void;
  /** Gives the place back, or leaves the queue. */
  leave(operation: string, owner: object): void;
  /** From now on nobody gets a place. */
  close(): void;
}

interface Waiting {
  readonly owner: object;
  readonly granted: () => void;
}

interface Queue {
  holder: object | undefined;
  readonly ahead: Waiting[];
  readonly waiting: Waiting[];
}

export function createPlaces(): Places {
  const queues = new Map<string, Queue>();
  let closed = false;

  const grant = (operation: string, queue: Queue) => {
    if (closed || queue.holder !== undefined) return;
    const next = queue.ahead.shift() ?? queue.waiting.shift();
    if (next === undefined) {
      queues.delete(operation);
      return;
    }
    queue.holder = next.owner;
    next.granted();
  };

  return {
    enter(operation, owner, granted, ahead) {
      const queue = queues.get(operation) ?? { holder: undefined, ahead: [], waiting: [] };
      queues.set(operation, queue);
      (ahead ? queue.ahead : queue.waiting).push({ owner, granted });
      grant(operation, queue);
    },
    leave(operation, owner) {
      const queue = queues.get(operation);
      if (queue === undefined) return;
      if (queue.holder === owner) queue.holder = undefined;
      for (const line of [queue.ahead, queue.waiting]) {
        const at = line.findIndex((waiting) => waiting.owner === owner);
        if (at !== -1) line.splice(at, 1);
      }
      grant(operation, queue);
    },
    close() {
      closed = true;
    },
  };
}
