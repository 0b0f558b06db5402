import type { Fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { Rollback } from "./rollback.ts";

export interface Change {
  /** Decides, when its turn has come, and changes the registry's state. */
  decide(): readonly RegistryEffect[];
  /** Whether it is taken back when it cannot be stored. Such a change is committed alone. */
  readonly isRefusable: boolean;
}

/**
 * Commits changes strictly in order: decide, then disk, then bus. Those that wait are stored together, with one sync of the file.
 * A change that is not refusable takes effect also when the disk fails.
 */
export interface CommitQueue {
  /** Resolves with the effects once they are carried out, or the disk's fault when it was refused; rejects when deciding threw. */
  run(change: Change): Promise<Result<readonly RegistryEffect[]>>;
  readonly waiting: number;
  /** Nothing waits, and nothing is under way. */
  readonly isIdle: boolean;
  /** Resolves once nothing is left to do. */
  idle(): Promise<void>;
}

export interface CommitQueueOptions {
  readonly rollback: Rollback;
  readonly store: (effects: readonly RegistryEffect[]) => Promise<Result<undefined, Fault>>;
  /** Called right after the decision, or for a refusable change after it is stored; what it returns is called once all is stored. */
  readonly prepare: (effects: readonly RegistryEffect[]) => () => void;
}

interface Job {
  readonly change: Change;
  resolve(result: Result<readonly RegistryEffect[]>): void;
  reject(thrown: unknown): void;
}

const LARGEST_BATCH = 256;

export function createCommitQueue({ rollback, store, prepare }: CommitQueueOptions): CommitQueue {
  // No job may be held longer than needed: one holds all that was read at the start.
  const jobs: Job[] = [];
  let working: Promise<void> | undefined;

  const nextBatch = (): Job[] => {
    const firstAlone = jobs.findIndex(({ change }) => change.isRefusable);
    const together = firstAlone === -1 ? jobs.length : firstAlone;
    return jobs.splice(0, Math.min(Math.max(together, 1), LARGEST_BATCH));
  };

  const commitTogether = async (batch: readonly Job[]) => {
    const decided = batch.flatMap((job) => {
      const effects = decide(job);
      return effects === undefined ? [] : [{ job, effects, perform: prepare(effects) }];
    });
    await store(decided.flatMap(({ effects }) => effects));
    for (const { job, effects, perform } of decided) {
      perform();
      job.resolve(ok(effects));
    }
  };

  const commitAlone = async (job: Job) => {
    rollback.begin();
    const effects = decide(job);
    const stored = await store(effects ?? []);
    if (effects === undefined || !stored.ok) {
      rollback.undo();
      if (!stored.ok) job.resolve(err(stored.fault));
      return;
    }
    rollback.commit();
    prepare(effects)();
    job.resolve(ok(effects));
  };

  const work = async () => {
    for (let batch = nextBatch(); batch[0] !== undefined; batch = nextBatch()) {
      if (batch[0].change.isRefusable) await commitAlone(batch[0]);
      else await commitTogether(batch);
    }
    working = undefined;
  };

  return {
    run: (change) =>
      new Promise((resolve, reject) => {
        jobs.push({ change, resolve, reject });
        working ??= Promise.resolve().then(work);
      }),
    get waiting() {
      return jobs.length;
    },
    get isIdle() {
      return working === undefined;
    },
    async idle() {
      while (working !== undefined) await working;
    },
  };
}

function decide(job: Job): readonly RegistryEffect[] | undefined {
  try {
    return job.change.decide();
  } catch (thrown) {
    job.reject(thrown);
    return undefined;
  }
}
