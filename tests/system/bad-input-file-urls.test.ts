import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AgentAtWork, expectAtWork, startAgentAtWork } from "./world/agent-at-work.ts";
import { runToEnd } from "./world/program.ts";
import { waitUntil } from "./world/wait-until.ts";

const SECRET = "the secret";
const EVIL = "evil";

let agent: AgentAtWork;

beforeAll(async () => {
  agent = await startAgentAtWork();
  await mkdir(join(agent.device.root, "outside"));
  await writeFile(join(agent.device.dataDir, "secret"), SECRET);
  await writeFile(join(agent.device.root, "outside/secret"), SECRET);
  await writeFile(store("here"), "here");
});

afterAll(async () => {
  await agent[Symbol.asyncDispose]();
});

function store(path: string): string {
  return join(agent.device.dataDir, "file-transfer", path);
}

/** What curl gets when it sends the path as it is: the status and the body. */
async function ask(method: string, path: string): Promise<{ readonly status: number; readonly body: string }> {
  const url = `${agent.url}${path}`;
  const how = method === "PUT" ? ["--data-binary", EVIL] : [];
  const command = [
    "curl",
    "--silent",
    "--path-as-is",
    "--globoff",
    "--request",
    method,
    ...how,
    "--write-out",
    "\n%{http_code}",
    url,
  ];
  const { code, stdout, stderr } = await runToEnd(command);
  if (code !== 0) throw new Error(`curl ended with ${code} for ${path}: ${stderr}`);
  const end = stdout.lastIndexOf("\n");
  return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) };
}

/** Names of everything below a directory, and what the files hold. */
/** Once the agent has written its state for the first time. */
function inventoryAtRest(directory: string): Promise<Readonly<Record<string, string>>> {
  return waitUntil("the agent has written its state", async () => {
    const found = await inventory(directory);
    const isAtRest =
      "state/service-capabilities.json" in found && !Object.keys(found).some((name) => name.endsWith(".tmp"));
    return isAtRest && found;
  });
}

async function inventory(directory: string): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const name of (await readdir(directory, { recursive: true })).sort()) {
    const stats = await lstat(join(directory, name));
    found[name] = stats.isFile()
      ? await readFile(join(directory, name), "utf8")
      : stats.isSymbolicLink()
        ? "link"
        : "directory";
  }
  return found;
}

/**
 * Paths behind `/te/v1/files/` that lead out of the store, and where they lead as the answer has it. `ROOT` is the directory of the
 * device, so that a mistake in tebus would damage nothing but that.
 */
const OUT: Readonly<Record<string, string | undefined>> = {
  // The runtime resolves plain dot segments before anybody sees them, so these are no file URLs.
  "../secret": undefined,
  "x/../../secret": undefined,
  "%2e%2e/secret": undefined,
  "%2E%2E/secret": undefined,
  ".%2e/secret": undefined,
  "..\\secret": undefined,
  "%2e%2e%2fsecret": "../secret",
  "%2e%2e%2Fsecret": "../secret",
  "..%2fsecret": "../secret",
  "x%2f..%2f..%2fsecret": "x/../../secret",
  "..%2f..%2foutside%2fsecret": "../../outside/secret",
  "..%2ffile-transfer-x/secret": "../file-transfer-x/secret",
  "ROOT/outside/secret": "ROOT/outside/secret",
  "/ROOT/outside/secret": "/ROOT/outside/secret",
  "%2fROOT%2foutside%2fsecret": "/ROOT/outside/secret",
  "%2F%2e%2e%2FROOT/outside/secret": "/../ROOT/outside/secret",
};

describe("a URL that leads out of the file store", () => {
  test.each(["GET", "PUT", "DELETE"])(
    "answers 404 to %s, and nothing outside is read, written or removed",
    async (method) => {
      const before = await inventoryAtRest(agent.device.root);
      for (const prefix of ["/te/v1/files/", "/tedge/file-transfer/"]) {
        for (const [pattern, pointsTo] of Object.entries(OUT)) {
          const path = pattern.replace("ROOT", agent.device.root);
          const decoded = pointsTo?.replace("ROOT", agent.device.root);
          const body = decoded === undefined ? "" : `Invalid file path: "${decoded}"`;
          expect([method, path, await ask(method, `${prefix}${path}`)]).toEqual([method, path, { status: 404, body }]);
        }
      }
      expect(await inventory(agent.device.root)).toEqual(before);
      await expectAtWork(agent);
    },
  );

  test("by dots that are encoded twice, doubled or followed by something is the name of a file", async () => {
    for (const [path, decoded] of [
      ["%252e%252e/secret", "%2e%2e/secret"],
      ["....//secret", "....//secret"],
      ["..;/secret", "..;/secret"],
      ["..%5csecret", "..\\\\secret"],
    ]) {
      expect([path, await ask("GET", `/te/v1/files/${path}`)]).toEqual([
        path,
        { status: 404, body: `File not found: "${decoded}"` },
      ]);
    }
  });

  test("in between but ends inside is fine", async () => {
    for (const path of ["./here", "%2e/here", "x/../here", "x%2f..%2fhere", "x/%2e%2e/here", "here/"]) {
      expect([path, await ask("GET", `/te/v1/files/${path}`)]).toEqual([path, { status: 200, body: "here" }]);
    }
  });
});

test.each(["%ff", "%c0%ae%c0%ae/secret", "%c0%ae%c0%ae%c0%afsecret", "%e0%80%ae%e0%80%ae%e0%80%afsecret", "%ed%a0%80"])(
  "a URL that is no UTF-8 answers 400, overlong dots too: %s",
  async (path) => {
    for (const method of ["GET", "PUT", "DELETE"]) {
      expect(await ask(method, `/te/v1/files/${path}`)).toEqual({
        status: 400,
        body: "Invalid URL: Invalid UTF-8 in `path`",
      });
    }
    await expectAtWork(agent);
  },
);

test("a NUL in a URL reaches no file, whatever stands before it", async () => {
  for (const path of ["here%00", "here%00.txt", "%00", "..%2fsecret%00"]) {
    const outside = path.startsWith("..");
    for (const method of ["GET", "PUT", "DELETE"]) {
      expect([method, path, (await ask(method, `/te/v1/files/${path}`)).status]).toEqual([
        method,
        path,
        outside ? 404 : 400,
      ]);
    }
  }
  expect(await readFile(store("here"), "utf8")).toBe("here");
  await expectAtWork(agent);
});

test("a percent sign that encodes nothing, and control characters, are part of a name and shown without harm", async () => {
  for (const [path, decoded] of [
    ["%", "%"],
    ["%2", "%2"],
    ["%zz", "%zz"],
    ["a%0d%0aSet-Cookie:%20x", "a\\r\\nSet-Cookie: x"],
    ["a%1b%5b2J", "a\\u{1b}[2J"],
  ]) {
    expect([path, await ask("GET", `/te/v1/files/${path}`)]).toEqual([
      path,
      { status: 404, body: `File not found: "${decoded}"` },
    ]);
  }
});

test("the store itself and a directory are no files", async () => {
  await mkdir(store("directory"), { recursive: true });
  for (const path of ["", "/", ".", "..", "directory", "directory/"]) {
    const status = (await ask("GET", `/te/v1/files/${path}`)).status;
    expect([path, status]).toEqual([path, 404]);
  }
  expect(await ask("PUT", "/te/v1/files/directory")).toEqual({
    status: 409,
    body: 'Cannot upload: "directory" is a directory, not a file',
  });
  expect(await ask("PUT", "/te/v1/files/here/below")).toEqual({
    status: 400,
    body: 'Invalid file path: "here/below": a file is in the place of a directory',
  });
  expect(await readFile(store("here"), "utf8")).toBe("here");
});

describe("a link that somebody made in the store", () => {
  test("is followed, as the reference does, and DELETE removes the link and not its target", async () => {
    await symlink("here", store("inner"));
    await symlink(join(agent.device.root, "outside/secret"), store("outer"));
    expect(await ask("GET", "/te/v1/files/inner")).toEqual({ status: 200, body: "here" });
    expect(await ask("GET", "/te/v1/files/outer")).toEqual({ status: 200, body: SECRET });
    for (const name of ["inner", "outer"]) {
      expect((await ask("DELETE", `/te/v1/files/${name}`)).status).toBe(202);
      expect(await lstat(store(name)).catch(() => undefined)).toBeUndefined();
    }
    expect(await readFile(join(agent.device.root, "outside/secret"), "utf8")).toBe(SECRET);
  });

  test("to itself or to nothing is no file, and an upload through it fails or makes its target", async () => {
    await symlink("loop", store("loop"));
    await symlink("to-come", store("dangling"));
    expect((await ask("GET", "/te/v1/files/loop")).status).toBeOneOf([404, 500]);
    expect((await ask("PUT", "/te/v1/files/loop")).status).toBe(500);
    expect((await ask("GET", "/te/v1/files/dangling")).status).toBe(404);
    expect((await ask("PUT", "/te/v1/files/dangling")).status).toBe(201);
    expect([await readlink(store("dangling")), await readFile(store("to-come"), "utf8")]).toEqual(["to-come", EVIL]);
    await expectAtWork(agent);
  });
});
