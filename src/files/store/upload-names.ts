/** Names of files that uploads of this process are filling, to tell them from what an earlier process left. */
export interface UploadNames {
  /** A name that nothing else uses, for which `isTemporaryName` holds. */
  take(): string;
  giveBack(name: string): void;
  has(name: string): boolean;
}

export function uploadNames(): UploadNames {
  const taken = new Set<string>();
  return {
    take() {
      const name = `.tebus-${crypto.randomUUID()}.part`;
      taken.add(name);
      return name;
    },
    giveBack: (name) => void taken.delete(name),
    has: (name) => taken.has(name),
  };
}
