/**
 * The only way in which the twin's state is changed, so that a change asked over HTTP that cannot be stored is taken back whole.
 * Between `begin` and `commit` it remembers how to undo; outside it remembers nothing.
 */
export interface Rollback {
  begin(): void;
  commit(): void;
  undo(): void;
  set<K, V>(map: Map<K, V>, key: K, value: V): void;
  delete<K, V>(map: Map<K, V>, key: K): void;
}

export function createRollback(): Rollback {
  let steps: (() => void)[] | undefined;

  const remember = <K, V>(map: Map<K, V>, key: K) => {
    if (steps === undefined) return;
    const before = map.get(key);
    steps.push(before === undefined ? () => map.delete(key) : () => map.set(key, before));
  };

  return {
    begin() {
      steps = [];
    },
    commit() {
      steps = undefined;
    },
    undo() {
      for (const step of (steps ?? []).reverse()) step();
      steps = undefined;
    },
    set(map, key, value) {
      remember(map, key);
      map.set(key, value);
    },
    delete(map, key) {
      remember(map, key);
      map.delete(key);
    },
  };
}
