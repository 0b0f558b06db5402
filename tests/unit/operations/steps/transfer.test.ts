// biome-ignore-all lint/suspicious/noTemplateCurlyInString: path expressions of workflows look like that
import { expect, test } from "bun:test";
import type { JsonObject } from "../../../../src/base/json.ts";
import { actionFailed, downloadRequest, uploadRequest } from "../../../../src/operations/steps/transfer.ts";
import type { TransferAction } from "../../../../src/operations/workflow/definition.ts";
import { aCommand } from "../a-command.ts";

const action = (kind: "download" | "upload", table: JsonObject): TransferAction => ({
  kind,
  input: { kind: "table", table },
  onSuccess: { status: "a" },
  onError: { status: "b" },
});
const download = (input: JsonObject, payload: JsonObject) =>
  downloadRequest(action("download", input), aCommand(payload), "/tmp");
const upload = (input: JsonObject, payload: JsonObject) => uploadRequest(action("upload", input), aCommand(payload));

test.each([
  [{ url: "${.payload.x}" }, { x: "X", tedgeUrl: "T", remoteUrl: "R" }, "X"],
  [{ url: "" }, { tedgeUrl: "T" }, ""],
  [{ url: 5 }, { tedgeUrl: "T", remoteUrl: "R" }, "T"],
  [{}, { tedgeUrl: "", remoteUrl: "R" }, "R"],
] as const)("a download with input %j and payload %j fetches %s", (input, payload, url) => {
  const request = download(input, payload);
  expect(request.ok && request.value).toEqual({ url, path: "/tmp/op_1" });
});

test("a download without URL says so", () => {
  const request = download({}, { tedgeUrl: "", remoteUrl: 5 });
  expect(request.ok ? "" : request.fault.message).toBe("No valid URL found in input.url, tedgeUrl, or remoteUrl");
});

test("an upload takes URL and path from its input, else from the payload", () => {
  expect(upload({ url: "U", path: "/p" }, { tedgeUrl: "T", path: "/q" })).toMatchObject({
    value: { url: "U", path: "/p" },
  });
  expect(upload({}, { tedgeUrl: "T", path: "/q" })).toMatchObject({ value: { url: "T", path: "/q" } });
});

test.each([
  [{}, { remoteUrl: "R", path: "/p" }, "No valid URL found in input.url or tedgeUrl"],
  [{ path: 5 }, { tedgeUrl: "T" }, "No valid file path found in input.path or path"],
  [{ path: "" }, { tedgeUrl: "T", path: "/p" }, "Upload file path is empty"],
] as const)("an upload with input %j and payload %j is refused: %s", (input, payload, message) => {
  const request = upload(input, payload);
  expect(request.ok ? "" : request.fault.message).toBe(message);
});

test("the reason of a failed action wins over the handler's", () => {
  expect(actionFailed("download", { status: "b" }, "Download failed: 404")).toEqual({
    status: "b",
    update: { reason: "builtin 'download' action failed with: Download failed: 404" },
  });
});
