import manifest from "../../package.json" with { type: "json" };

/** Semantic version of this build. */
export const VERSION: string = manifest.version;
