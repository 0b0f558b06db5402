import * as v from "valibot";
import { CONDITIONS, TAGGED } from "../common-answers.ts";
import { type Answer, type Content, type Contract, TEXT_ERROR } from "../contract.ts";

const PATH_SCHEMA = v.pipe(
  v.string(),
  v.minLength(1),
  v.metadata({ examples: ["child1/config_snapshot/mosquitto-42"] }),
);
const BYTES: readonly Content[] = [{ mediaType: "application/octet-stream" }];

const FILE_HEADERS = {
  ...TAGGED,
  "Last-Modified": v.string(),
  "Accept-Ranges": v.literal("bytes"),
};

const FAILED: Answer = { summary: "The disk failed", content: TEXT_ERROR };

/** What can be done with files below a prefix. */
function fileContracts(prefix: string, suffix: string, deprecated: boolean): readonly Contract[] {
  const common = { path: `${prefix}/{path}`, tag: "files", deprecated } as const;
  const parameters = { path: { path: PATH_SCHEMA } };
  return [
    {
      ...common,
      id: `putFile${suffix}`,
      method: "PUT",
      summary: "Upload a file",
      details: "It appears under its name only when it is complete.",
      parameters,
      body: { content: BYTES },
      answers: {
        201: { summary: "It is stored" },
        400: { summary: "The path is no UTF-8", content: TEXT_ERROR },
        404: { summary: "The path leads out of the store", content: TEXT_ERROR },
        409: { summary: "The path is that of a directory", content: TEXT_ERROR },
        500: FAILED,
        507: { summary: "The disk is full", content: TEXT_ERROR },
      },
    },
    {
      ...common,
      id: `getFile${suffix}`,
      method: "GET",
      summary: "Download a file, or a part of it",
      parameters: {
        ...parameters,
        header: { ...CONDITIONS, Range: v.optional(v.pipe(v.string(), v.metadata({ examples: ["bytes=1024-"] }))) },
      },
      answers: {
        200: { summary: "The file", content: BYTES, headers: FILE_HEADERS },
        206: {
          summary: "A part of the file",
          content: BYTES,
          headers: { ...FILE_HEADERS, "Content-Range": v.string() },
        },
        304: { summary: "The client has this version already", headers: TAGGED },
        400: { summary: "The path is no UTF-8", content: TEXT_ERROR },
        404: { summary: "No file is there", content: TEXT_ERROR },
        416: { summary: "The file has no such part", headers: { "Content-Range": v.string() } },
        500: FAILED,
      },
    },
    {
      ...common,
      id: `removeFile${suffix}`,
      method: "DELETE",
      summary: "Remove a file",
      parameters,
      answers: {
        202: { summary: "It is not there now" },
        400: { summary: "The path is no UTF-8", content: TEXT_ERROR },
        404: { summary: "The path is that of a directory, or leads out of the store", content: TEXT_ERROR },
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
