import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { describeFault } from "../../../src/base/fault.ts";
import { TOKEN_DIRECTORY } from "../../../src/security/token-directory.ts";
import { tokenHeaders } from "../../../src/security/token-header.ts";
import { ensureLocalToken } from "../../../src/security/token-local.ts";
import { formatToken, newToken } from "../../../src/security/token-text.ts";
import { ConfigDirectory, removeConfigDirectories } from "../config/config-directory.ts";

removeConfigDirectories();

const ENTITY = { TEDGE_HTTP_AUTHZ: "entity" };
const CHILD = formatToken(newToken(randomBytes));

async function headers(url: string, environment: Record<string, string>, directory?: ConfigDirectory) {
  const made = directory ?? (await ConfigDirectory.make({ token: `${CHILD}\n` }));
  const read = await tokenHeaders(await made.config(environment))(url);
  return read.ok ? read.value : describeFault(read.fault).replaceAll(made.path, "<cfg>");
}

/** With the token of the gateway already made. */
async function gateway() {
  const directory = await ConfigDirectory.make();
  const local = await ensureLocalToken({ path: join(directory.path, TOKEN_DIRECTORY) }, randomBytes);
  if (!local.ok) throw new Error(local.fault.message);
  return { directory, authorization: { authorization: `Bearer ${formatToken(local.value)}` } };
}

describe("where no token is asked for", () => {
  test("none is sent, also when there is one", async () => {
    const { directory } = await gateway();
    expect(await headers("http://127.0.0.1:8000/te/v1/entities", {}, directory)).toEqual({});
  });
});

describe("on the gateway", () => {
  const PLACE = { ...ENTITY, TEDGE_HTTP_CLIENT_HOST: "192.168.1.10", TEDGE_HTTP_BIND_ADDRESS: "::" };

  test.each([
    "http://192.168.1.10:8000/te/v1/entities",
    "https://192.168.1.10:8000/te/v1/files/a/b?x=1",
    "http://127.0.0.1:8000/tedge/file-transfer/a",
    "http://localhost:8000/te/v1/files/a",
    "http://LOCALHOST:8000/te/v1/files/a",
    "http://[::1]:8000/te/v1/files/a",
  ])("%s gets the token of the gateway", async (url) => {
    const { directory, authorization } = await gateway();
    expect(await headers(url, PLACE, directory)).toEqual(authorization);
  });

  test.each([
    "http://192.168.1.10:8001/te/v1/entities",
    "http://192.168.1.10/te/v1/entities",
    "http://192.168.1.11:8000/te/v1/entities",
    "http://192.168.1.10:8000@example.com/te/v1/entities",
    "http://192.168.1.10:8000.example.com/te/v1/entities",
    "http://example.com/http://192.168.1.10:8000/te/v1/entities",
    "http://192.168.1.10:8000/other",
    "http://192.168.1.10:8000/te",
    "ftp://192.168.1.10:8000/te/v1/entities",
    "file:///te/v1/entities",
    "no url",
    "",
  ])("%p gets none", async (url) => {
    const { directory } = await gateway();
    expect(await headers(url, PLACE, directory)).toEqual({});
  });

  test("none is sent before the agent has made it", async () => {
    expect(await headers("http://127.0.0.1:8000/te/v1/entities", ENTITY)).toEqual({});
  });

  test("a broken one is told", async () => {
    const directory = await ConfigDirectory.make({ [`${TOKEN_DIRECTORY}/local-token`]: "x" });
    expect(await headers("http://127.0.0.1:8000/te/v1/entities", ENTITY, directory)).toBe(
      "The token of the gateway cannot be read from <cfg>/http-auth/local-token: <cfg>/http-auth/local-token holds no token: remove it, the agent makes a new one",
    );
  });
});

describe("a child device", () => {
  test("shows the token of its file to the host that it is told to use, and to nobody else", async () => {
    const directory = await ConfigDirectory.make({ token: `${CHILD}\n` });
    const place = {
      TEDGE_HTTP_CLIENT_AUTH_TOKEN_FILE: directory.file("token"),
      TEDGE_HTTP_CLIENT_HOST: "gateway.local",
    };
    const mine = { authorization: `Bearer ${CHILD}` };
    expect(await headers("http://gateway.local:8000/te/v1/files/a/b", place, directory)).toEqual(mine);
    expect(await headers("http://127.0.0.1:8000/te/v1/files/a/b", place, directory)).toEqual({});
    expect(await headers("http://example.com/te/v1/files/a/b", place, directory)).toEqual({});
  });

  test("whose file is missing or holds no token is told so", async () => {
    const directory = await ConfigDirectory.make({ other: "x" });
    const at = (name: string) => ({ TEDGE_HTTP_CLIENT_AUTH_TOKEN_FILE: directory.file(name) });
    const url = "http://127.0.0.1:8000/te/v1/entities";
    expect(await headers(url, at("none"), directory)).toStartWith(
      "Invalid 'http.client.auth.token_file': Cannot read <cfg>/none: No such file or directory",
    );
    expect(await headers(url, at("other"), directory)).toBe(
      "Invalid 'http.client.auth.token_file': <cfg>/other holds no token of `tedge http-token create`",
    );
  });
});
