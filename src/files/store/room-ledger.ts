/**
 * Who has taken what of the room for stored files, in bytes. It does no I/O: a survey counts what is on disk, everything that happens
 * meanwhile and afterwards is added here.
 */
export interface RoomLedger {
  /** False until the first survey has ended: what it finds is missing until then. */
  readonly isKnown: boolean;
  /** Files and unfinished uploads on disk. */
  readonly used: number;
  /** What running uploads may still fill. */
  readonly reserved: number;
  /** A file of the store was added (`bytes` above 0), removed, or replaced. */
  change(bytes: number): void;
  /** The same for unfinished uploads that a client may continue, which surveys do not see. */
  changeUnfinished(bytes: number): void;
  reserve(bytes: number): void;
  /** Begins a survey. Its end takes what it counted, and tells whether changes crossed it, so that it may be off by these. */
  beginSurvey(): (counted: number) => { readonly crossed: boolean };
}

export function roomLedger(): RoomLedger {
  let isKnown = false;
  let counted = 0;
  /** Changes since the last survey ended. */
  let since = 0;
  /** Changes since the survey that is under way began. */
  let meanwhile = 0;
  let changes = 0;
  let unfinished = 0;
  let reserved = 0;
  return {
    get isKnown() {
      return isKnown;
    },
    get used() {
      return Math.max(0, counted + since) + unfinished;
    },
    get reserved() {
      return reserved;
    },
    change(bytes) {
      since += bytes;
      meanwhile += bytes;
      changes += 1;
    },
    changeUnfinished(bytes) {
      unfinished += bytes;
    },
    reserve(bytes) {
      reserved += bytes;
    },
    beginSurvey() {
      const before = changes;
      meanwhile = 0;
      return (sum) => {
        isKnown = true;
        counted = sum;
        since = meanwhile;
        return { crossed: changes !== before };
      };
    },
  };
}
