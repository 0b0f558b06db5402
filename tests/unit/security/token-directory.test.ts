import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  createToken,
  makeTokenDirectory,
  readTokens,
  removeToken,
  type TokenRequest,
} from "../../../src/security/token-directory.ts";
import { ensureLocalToken, localTokenPath, readLocalToken } from "../../../src/security/token-local.ts";
import { hashSecret, parseToken } from "../../../src/security/token-text.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../files/temporary-directory.ts";
import { foreseenBytes } from "./token-bytes.ts";

let root: TemporaryDirectory;
let path: string;
let random: ReturnType<typeof foreseenBytes>;

beforeEach(() => {
  root = temporaryDirectory();
  path = join(root.path, "http-auth");
  random = foreseenBytes();
});

afterEach(() => root[Symbol.dispose]());

async function create(request: Partial<TokenRequest> = {}, now = 1_000) {
  const created = await createToken({ path }, { entity: "device/valve//", reads: [], ...request }, { now, random });
  if (!created.ok) throw new Error(created.fault.message);
  return created.value;
}

async function list() {
  const read = await readTokens({ path });
  if (!read.ok) throw new Error(read.fault.message);
  return read.value;
}

const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);

describe("a token that was made", () => {
  test("is in a file that only its owner can read, without its secret", async () => {
    const { record, text } = await create();
    const file = join(path, `${record.id}.json`);
    expect([mode(path), mode(file)]).toEqual(["700", "600"]);
    const token = parseToken(text);
    expect(record.sha256).toBe(hashSecret(token?.secret ?? ""));
    expect(readFileSync(file, "utf8")).not.toContain(token?.secret ?? "?");
  });

  test("is in the list, oldest first", async () => {
    const second = await create({ entity: "b///", expires: 9_000, reads: ["firmware"] }, 2_000);
    const first = await create({}, 1_000);
    expect((await list()).tokens).toEqual([first.record, second.record]);
  });

  test("is gone once it is removed, and only it", async () => {
    const [first, second] = [await create(), await create()];
    expect(await removeToken({ path }, first.record.id)).toEqual({ ok: true, value: undefined });
    expect((await list()).tokens).toEqual([second.record]);
    expect(await removeToken({ path }, first.record.id)).toMatchObject({ ok: false, fault: { code: "unknown-token" } });
  });

  test("takes the files of expired ones away", async () => {
    const { record } = await create({ expires: 2_000 }, 1_000);
    await create({}, 1_999);
    expect((await list()).tokens).toHaveLength(2);
    await create({}, 2_000);
    expect((await list()).tokens.map(({ id }) => id)).not.toContain(record.id);
  });
});

test("an id that is no id removes no file", async () => {
  const { record } = await create();
  writeFileSync(join(root.path, "victim.json"), "");
  for (const id of ["", "../victim", `../http-auth/${record.id}`, "*"]) {
    expect(await removeToken({ path }, id)).toMatchObject({ ok: false, fault: { code: "unknown-token" } });
  }
  expect(existsSync(join(root.path, "victim.json"))).toBe(true);
});

test("without a directory there are no tokens", async () => {
  expect(await list()).toEqual({ tokens: [], faults: [] });
});

test("what is no file of a token is left alone, a broken one is told by name and the others count", async () => {
  const { record } = await create();
  for (const name of ["notes.txt", `${record.id}.json.bak`, ".x.tmp"]) writeFileSync(join(path, name), "?");
  writeFileSync(join(path, "00000bad.json"), "{");
  const { tokens, faults } = await list();
  expect(tokens).toEqual([record]);
  expect(faults.map(({ message }) => message)).toEqual([expect.stringContaining(join(path, "00000bad.json"))]);
});

test("a directory that others could look into is closed", async () => {
  mkdirSync(path);
  chmodSync(path, 0o755);
  await makeTokenDirectory({ path });
  expect(mode(path)).toBe("700");
});

test("a directory that cannot be made is told", async () => {
  writeFileSync(path, "a file");
  const created = await createToken({ path }, { entity: "a///", reads: [] }, { now: 0, random });
  expect(created.ok ? "made" : created.fault.message).toBe(`Cannot make the directory ${path}`);
});

describe("the token of the gateway itself", () => {
  test("is made once, in a file that only its owner can read", async () => {
    const made = await ensureLocalToken({ path }, random);
    expect(await ensureLocalToken({ path }, random)).toEqual(made);
    expect(await readLocalToken({ path })).toEqual(made);
    expect(mode(localTokenPath({ path }))).toBe("600");
    expect(readdirSync(path)).toEqual(["local-token"]);
  });

  test("is not there before it is made", async () => {
    expect(await readLocalToken({ path })).toMatchObject({ ok: false, fault: { code: "not-found" } });
  });

  test("is no token of a client, which is told with what to do", async () => {
    await makeTokenDirectory({ path });
    for (const content of ["", (await create()).text]) {
      writeFileSync(localTokenPath({ path }), content);
      const read = await ensureLocalToken({ path }, random);
      expect(read.ok ? "read" : read.fault.message).toBe(
        `${localTokenPath({ path })} holds no token: remove it, the agent makes a new one`,
      );
    }
  });

  test("is not among those of clients", async () => {
    await ensureLocalToken({ path }, random);
    expect((await list()).tokens).toEqual([]);
  });
});
