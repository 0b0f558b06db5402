/** What the demo promises to show; it has failed as long as one of these was not observed. */
export const CHECKS = {
  "agent-up": "the agent reports itself up",
  "bridge-up": "the bridge to the cloud reports itself up",
  "child-registered": "the child device is in the digital twin, as the HTTP API tells it",
  "readings-in-cloud": "readings of the child arrive at the cloud",
  "alarm-raised": "an alarm of the child arrives at the cloud",
  "alarm-cleared": "the alarm is cleared at the cloud",
  "file-available": "a configuration file is available on the file transfer service",
  "config-applied": "the child downloaded the file, applied it, and the cloud was told",
  "workflow-done": "a workflow ran a script on the gateway, and the cloud was told",
} as const;

export type Check = keyof typeof CHECKS;

/** Which checks have been observed. */
export interface Checklist {
  /** True when it is the first observation of this check. */
  observe(check: Check): boolean;
  readonly missing: readonly Check[];
}

export function createChecklist(): Checklist {
  const seen = new Set<Check>();
  return {
    observe(check) {
      const news = !seen.has(check);
      seen.add(check);
      return news;
    },
    get missing() {
      return (Object.keys(CHECKS) as Check[]).filter((check) => !seen.has(check));
    },
  };
}
