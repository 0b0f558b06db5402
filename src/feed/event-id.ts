/** Ids of events: `<epoch>-<sequence>`. The epoch names one run of the agent, the sequence counts the changes of that run from 1. */
export interface EventIds {
  format(sequence: number): string;
  /** The sequence of an id of this run; `undefined` for any other text. */
  parse(text: string): number | undefined;
}

/** Ids of a new run. `random` gives numbers of 0 to below 1. */
export function createEventIds(random: () => number): EventIds {
  const epoch = Array.from({ length: EPOCH_LENGTH }, () => Math.floor(random() * 36).toString(36)).join("");
  return {
    format: (sequence) => `${epoch}-${sequence}`,
    parse(text) {
      const digits = text.startsWith(`${epoch}-`) ? text.slice(epoch.length + 1) : "";
      return /^(?:0|[1-9]\d{0,15})$/.test(digits) ? Number(digits) : undefined;
    },
  };
}

/** 36^10 epochs: two runs of one device do not meet. */
const EPOCH_LENGTH = 10;
