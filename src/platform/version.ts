import about from "../../package.json" with { type: "json" };

/** Version of tebus, as in package.json. */
export const VERSION: string = about.version;

/** Where people find out what tebus is. */
export const HOMEPAGE: string = about.homepage;
