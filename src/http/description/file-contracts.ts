import * as v from "valibot";
import { CONDITIONS, TAGGED } from "../common-answers.ts";
import { type Answer, type Content, type Contract, type Entries, TEXT_ERROR } from "../contract.ts";
import { PARTIAL_UPLOAD } from "../files/partial-uploads.ts";

const PATH = v.pipe(v.string(), v.minLength(1), v.metadata({ examples: ["child1/config_snapshot/mosquitto-42"] }));
const BYTES: readonly Content[] = [{ mediaType: "application/octet-stream" }];
const UPLOAD_ID = v.pipe(v.string(), v.description("An upload in several requests, as `Location` named it"));
const FLAG = v.picklist(["?0", "?1"]);
const COUNT = v.pipe(v.string(), v.regex(/^\d{1,15}$/));
const RANGE = v.pipe(v.string(), v.metadata({ examples: ["bytes=1024-"] }));

const FILE_HEADERS: Entries = { ...TAGGED, "Last-Modified": v.string(), "Accept-Ranges": v.literal("bytes") };
/** Of draft-ietf-httpbis-resumable-upload. */
const UPLOAD_STATE: Entries = {
  "Upload-Complete": v.optional(FLAG),
  "Upload-Offset": v.optional(COUNT),
  "Upload-Length": v.optional(COUNT),
  "Upload-Limit": v.optional(v.string()),
};

const DETAILED_ERROR = [
  ...TEXT_ERROR,
  {
    mediaType: "application/problem+json",
    schema: v.object({ type: v.string(), title: v.string(), status: v.number() }),
  },
] as const;

const BAD_PATH: Answer = { summary: "The path is no UTF-8", content: TEXT_ERROR };
const NO_FILE: Answer = { summary: "No file, or no such upload, is there", content: TEXT_ERROR };
const CONDITION_NOT_MET: Answer = {
  summary: "The file is not what `If-Match` or `If-None-Match` asks for; nothing was changed",
  content: TEXT_ERROR,
};
const FAILED: Answer = { summary: "The disk failed, or the content broke off", content: TEXT_ERROR };

/** What may be answered to uploads, but for the good case. */
const UPLOADING = {
  400: { summary: "The path is no UTF-8, or the upload contradicts itself", content: DETAILED_ERROR },
  404: NO_FILE,
  409: { summary: "A directory is there, or the upload has come to another place", content: DETAILED_ERROR },
  412: CONDITION_NOT_MET,
  500: FAILED,
  503: { summary: "Too many uploads are unfinished", content: TEXT_ERROR, headers: { "Retry-After": v.string() } },
  507: { summary: "There is no room", content: TEXT_ERROR },
} as const;

/** What can be done with files below a prefix. */
function fileContracts(prefix: string, suffix: string, deprecated: boolean): readonly Contract[] {
  const common = { path: `${prefix}/{path}`, tag: "files", deprecated } as const;
  const path = { path: PATH };
  return [
    {
      ...common,
      id: `putFile${suffix}`,
      method: "PUT",
      summary: "Upload a file, or begin to",
      details:
        "It appears under its name only when it is complete. With `Upload-Complete: ?0` more requests follow, to the URL in `Location`.",
      parameters: {
        path,
        header: { ...CONDITIONS, "Upload-Complete": v.optional(FLAG), "Upload-Length": v.optional(COUNT) },
      },
      body: { content: BYTES, isRequired: false, details: "Without a body the file is empty." },
      answers: {
        201: {
          summary: "It is stored, or begun",
          headers: { ETag: v.optional(v.string()), Location: v.optional(v.string()), ...UPLOAD_STATE },
        },
        ...UPLOADING,
      },
    },
    {
      ...common,
      id: `continueUpload${suffix}`,
      method: "PATCH",
      summary: "Continue an upload in several requests",
      parameters: {
        path,
        query: { upload: UPLOAD_ID },
        header: { "Upload-Complete": FLAG, "Upload-Offset": COUNT, "Upload-Length": v.optional(COUNT) },
      },
      body: { content: [{ mediaType: PARTIAL_UPLOAD }], isRequired: false },
      answers: {
        201: { summary: "The file is stored", headers: { ETag: v.string(), ...UPLOAD_STATE } },
        204: { summary: "This part is stored", headers: UPLOAD_STATE },
        ...UPLOADING,
        405: { summary: "No upload is named" },
        415: { summary: `The body is not declared as \`${PARTIAL_UPLOAD}\``, content: TEXT_ERROR },
      },
    },
    {
      ...common,
      id: `getFile${suffix}`,
      method: "GET",
      summary: "Download a file, or a part of it; or ask how far an upload has come",
      parameters: {
        path,
        query: { upload: v.optional(UPLOAD_ID) },
        header: { ...CONDITIONS, Range: v.optional(RANGE), "If-Range": v.optional(v.string()) },
      },
      answers: {
        200: { summary: "The file", content: BYTES, headers: FILE_HEADERS },
        204: { summary: "The state of the upload", headers: UPLOAD_STATE },
        206: {
          summary: "A part of the file",
          content: BYTES,
          headers: { ...FILE_HEADERS, "Content-Range": v.string() },
        },
        304: { summary: "The client has this version already", headers: TAGGED },
        400: BAD_PATH,
        404: NO_FILE,
        412: { summary: "The file is not what `If-Match` asks for", headers: TAGGED },
        416: { summary: "The file has no such part", headers: { "Content-Range": v.string() } },
        500: FAILED,
      },
    },
    {
      ...common,
      id: `removeFile${suffix}`,
      method: "DELETE",
      summary: "Remove a file, or give up an upload",
      parameters: { path, query: { upload: v.optional(UPLOAD_ID) }, header: CONDITIONS },
      answers: {
        202: { summary: "The file is not there now" },
        204: { summary: "The upload is given up" },
        400: BAD_PATH,
        404: {
          summary: "A directory is there, no such upload, or the path leads out of the store",
          content: TEXT_ERROR,
        },
        412: CONDITION_NOT_MET,
        500: FAILED,
      },
    },
  ];
}

/** The file transfer service (spec/http-api §2), and its path of earlier releases. */
export const FILE_CONTRACTS: readonly Contract[] = [
  ...fileContracts("/te/v1/files", "", false),
  ...fileContracts("/tedge/file-transfer", "AtOldPath", true),
];
