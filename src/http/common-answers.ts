import * as v from "valibot";
import { ANY_ERROR, type Answer, type Entries, JSON_ERROR, TEXT_ERROR } from "./contract.ts";

const TAG = v.pipe(v.string(), v.regex(/^"[^"]*"$/));
const TAG_LIST = v.optional(v.string());

/** Headers of a request that depends on the state of a resource (RFC 9110 §13.1). */
export const CONDITIONS: Entries = { "If-Match": TAG_LIST, "If-None-Match": TAG_LIST };

/** Headers of an answer that shows the state of a resource. */
export const TAGGED: Entries = { ETag: TAG };

const NOT_MODIFIED: Answer = { summary: "The client has the current state already", headers: TAGGED };
const BAD_PATH: Answer = { summary: "The path or the query makes no sense", content: ANY_ERROR };
const BAD_REQUEST: Answer = { summary: "The request makes no sense, or the twin refuses it", content: ANY_ERROR };
const NOT_FOUND: Answer = { summary: "Nothing is there", content: JSON_ERROR };
const CONDITION_NOT_MET: Answer = {
  summary: "The state is not what `If-Match` or `If-None-Match` asks for; nothing was changed",
  content: JSON_ERROR,
};
const BODY_TOO_LONG: Answer = { summary: "The body has more than 1 MiB", content: TEXT_ERROR };
const NOT_STORED: Answer = { summary: "The disk refused the change; nothing was changed", content: JSON_ERROR };

/** What may be answered, but for the good case, to a request that reads state that is there. */
export const LISTING = { 304: NOT_MODIFIED, 400: BAD_PATH, 412: CONDITION_NOT_MET } as const;

/** The same for state that may not be there. */
export const READING = { ...LISTING, 404: NOT_FOUND } as const;

/** The same for a request without body that changes state. */
export const REMOVING = { 400: BAD_REQUEST, 404: NOT_FOUND, 412: CONDITION_NOT_MET, 500: NOT_STORED } as const;

/** The same for a request with a body. */
export const CHANGING = { ...REMOVING, 413: BODY_TOO_LONG } as const;
