/**
 * Files of the configuration directory: the operation `fetch` puts what is at `tedgeUrl` under `to`, and so do others for commands that
 * are not to wait for it; `send` sends the file at `path` to `tedgeUrl`.
 */
export const TRANSFER_WORKFLOWS = {
  "operations/fetch.toml": fetchWorkflow("fetch"),
  "operations/fetch_too.toml": fetchWorkflow("fetch_too"),
  "operations/fetch_slowly.toml": fetchWorkflow("fetch_slowly"),
  "operations/send.toml": `operation = "send"

[init]
action = "upload"
on_success = "successful"
`,
};

function fetchWorkflow(operation: string): string {
  return `operation = "${operation}"

[init]
action = "download"
on_success = "keep"

[keep]
script = "cp \${.payload.downloadedPath} \${.payload.to}"
on_success = "successful"
`;
}
