import { describe, expect, test } from "bun:test";
import { describeFault } from "../../../../src/base/fault.ts";
import { authMethodOf, resolveConnection } from "../../../../src/mappers/custom/connection.ts";
import { readMapperFile } from "../../../../src/mappers/custom/mapper-file.ts";
import { MY_DEVICE, MY_DEVICE_KEY, NAMELESS } from "../../config/certificate-fixtures.ts";
import { ConfigDirectory, removeConfigDirectories, versionTwo } from "../../config/config-directory.ts";

removeConfigDirectories();

const CREDENTIALS = '[credentials]\nusername = "me"\npassword = "secret"\n';
const BY_CERTIFICATE = 'device.cert_path = "cert.pem"\ndevice.key_path = "key.pem"\ndevice.root_cert_path = "ca.pem"\n';
const BY_PASSWORD = 'credentials_path = "credentials.toml"\ndevice.root_cert_path = "ca.pem"\n';

async function resolve(text: string, files: Readonly<Record<string, string>> = {}, tedgeToml = "") {
  const directory = await ConfigDirectory.make({
    "tedge.toml": versionTwo(tedgeToml),
    "mappers/x/mapper.toml": text,
    "mappers/x/credentials.toml": CREDENTIALS,
    "mappers/x/cert.pem": MY_DEVICE,
    "mappers/x/key.pem": MY_DEVICE_KEY,
    "mappers/x/ca.pem": NAMELESS,
    ...Object.fromEntries(Object.entries(files).map(([name, content]) => [`mappers/x/${name}`, content])),
  });
  const file = await readMapperFile(directory.file("mappers/x"));
  if (!file.ok || file.value === undefined) throw new Error("mapper.toml cannot be read");
  const connection = await resolveConnection(file.value, await directory.config());
  return { directory, file: file.value, connection };
}

async function refusal(...args: Parameters<typeof resolve>): Promise<string> {
  const { connection, directory } = await resolve(...args);
  if (connection.ok) throw new Error("This connection should be refused");
  return describeFault(connection.fault).replaceAll(directory.path, "<cfg>");
}

describe("the connection of a user-defined mapper", () => {
  test("is by certificate over TLS, and named by it, unless something else is said", async () => {
    const { connection } = await resolve(`url = "b.example"\ndevice.id = "ignored"\n${BY_CERTIFICATE}`);
    expect(connection).toEqual({
      ok: true,
      value: {
        endpoint: {
          host: "b.example",
          port: 8883,
          tls: { ca: [NAMELESS], cert: MY_DEVICE, key: MY_DEVICE_KEY },
        },
        clientId: "my-device",
        clean: false,
        keepAlive: 60,
        maxPacket: 268_435_455,
      },
    });
  });

  test("is by password where credentials are set, checks the server and shows no certificate", async () => {
    const { connection, file } = await resolve(
      `url = "b.example"\ndevice.id = "gw7"\n${BY_CERTIFICATE}credentials_path = "credentials.toml"\n`,
    );
    expect(authMethodOf(file)).toBe("password");
    expect(connection).toMatchObject({
      ok: true,
      value: {
        endpoint: { tls: { ca: [NAMELESS] }, credentials: { username: "me", password: "secret" } },
        clientId: "gw7",
      },
    });
    expect(connection.ok && connection.value.endpoint.tls?.cert).toBeUndefined();
  });

  test.each([
    ["", 1883, false],
    ["", 1884, true],
    ["bridge.tls.enable = true\n", 1883, true],
    ["bridge.tls.enable = 'off'\n", 8883, false],
  ])("with %p on port %p uses TLS: %p", async (text, port, encrypted) => {
    const { connection } = await resolve(`url = "h:${port}"\ndevice.id = "d"\n${text}${BY_PASSWORD}`);
    expect(connection.ok && connection.value.endpoint.tls !== undefined).toBe(encrypted);
  });

  test("has the settings of its bridge", async () => {
    const text = `url = "[::1]:1883"\ndevice.id = "d"\n${BY_PASSWORD}[bridge]\nclean_session = true\nkeepalive_interval = "90500ms"\nmax_payload_size = 7\n`;
    const { connection } = await resolve(text);
    expect(connection).toMatchObject({
      value: { endpoint: { host: "::1" }, clean: true, keepAlive: 91, maxPacket: 7 },
    });
  });

  test("has the device id of tedge.toml where it has none of its own", async () => {
    const { connection } = await resolve(`url = "h:1883"\n${BY_PASSWORD}`, {}, 'device.id = "from-tedge"\n');
    expect(connection).toMatchObject({ value: { clientId: "from-tedge" } });
    const nameless = await resolve(`url = "h"\ndevice.id = "own"\n${BY_CERTIFICATE}`, { "cert.pem": NAMELESS });
    expect(nameless.connection).toMatchObject({ value: { clientId: "own" } });
  });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    [BY_PASSWORD, {}, "'<cfg>/mappers/x/mapper.toml' is missing a 'url' field required for the MQTT bridge"],
    [
      'url = "h"\nauth_method = "password"\n',
      {},
      `'<cfg>/mappers/x/mapper.toml' sets auth_method = "password" but no credentials_path is configured`,
    ],
    [
      `url = "h:1883"\n${BY_CERTIFICATE}`,
      {},
      "certificate authentication requires TLS, but TLS is disabled for this mapper. ",
    ],
    [
      `url = "h:1883"\n${BY_PASSWORD}`,
      {},
      "No MQTT client ID could be determined: configure 'device.id' in '<cfg>/mappers/x/mapper.toml'",
    ],
    [
      'url = "h"\ndevice.cert_path = "none.pem"\n',
      {},
      "Cannot read 'device.cert_path' from <cfg>/mappers/x/none.pem: No such file",
    ],
    [
      'url = "h"\ndevice.cert_path = "cert.pem"\ndevice.key_path = "none.pem"\n',
      {},
      "Cannot read 'device.key_path' from <cfg>/mappers/x/none.pem",
    ],
    [
      `url = "h"\n${BY_CERTIFICATE.replace("ca.pem", "none.pem")}`,
      {},
      "Unable to read certificates from device.root_cert_path",
    ],
    ['url = "h:1883"\ncredentials_path = "none.toml"\n', {}, "from <cfg>/mappers/x/none.toml: there is no such file"],
    [
      `url = "h:1883"\n${BY_PASSWORD}`,
      { "credentials.toml": 'password = "secret"\n' },
      "it needs 'username' and 'password' under [credentials]",
    ],
  ])("from %p is refused with %p: %s", async (text, files, message) => {
    const told = await refusal(text, files);
    expect(told).toContain(message);
    expect(told).not.toContain("secret");
  });
});
