import { expect, test } from "bun:test";
import { describeFault } from "../../../src/base/fault.ts";
import { routeTo } from "../../../src/platform/http-route.ts";
import { httpClientSettings } from "../../../src/services/http-client.ts";
import { MY_DEVICE, MY_DEVICE_KEY } from "../config/certificate-fixtures.ts";
import { ConfigDirectory, removeConfigDirectories } from "../config/config-directory.ts";

removeConfigDirectories();

async function settingsOf(lines: readonly string[], environment: Record<string, string> = {}) {
  const directory = await ConfigDirectory.make({});
  await directory.write("tedge.toml", lines.join("\n"));
  return await httpClientSettings(await directory.config(environment));
}

async function proxyFor(url: string, lines: readonly string[], environment: Record<string, string> = {}) {
  const settings = await settingsOf(lines, environment);
  if (!settings.ok) throw new Error(describeFault(settings.fault));
  return routeTo(url, settings.value).proxy;
}

const PROXY = 'proxy.address = "proxy.example:3128"';

test("there is no proxy unless one is configured, whatever the environment says", async () => {
  const environment = { HTTP_PROXY: "http://127.0.0.1:1", https_proxy: "http://127.0.0.1:1", ALL_PROXY: "x:1" };
  expect(await proxyFor("https://cloud.example/", [], environment)).toBeUndefined();
});

test("a proxy is asked with its credentials", async () => {
  expect(await proxyFor("https://cloud.example/", [PROXY])).toEqual({ url: "http://proxy.example:3128" });
  const login = ['proxy.username = "user"', 'proxy.password = "p@ss:w"'];
  expect(await proxyFor("https://cloud.example/", ['proxy.address = "https://proxy.example"', ...login])).toEqual({
    url: "https://proxy.example:443",
    credentials: { username: "user", password: "p@ss:w" },
  });
});

test("half a login is a fault", async () => {
  const settings = await settingsOf([PROXY, 'proxy.username = "user"']);
  expect(settings.ok ? "" : describeFault(settings.fault)).toContain('Currently ["proxy.username"] are set');
});

test("hosts of proxy.no_proxy are reached without it; the list of the environment counts where there is none", async () => {
  const environment = { NO_PROXY: "env.example" };
  const own = 'proxy.no_proxy = "own.example, 10.0.0.0/8"';
  expect(await proxyFor("http://own.example/", [PROXY, own], environment)).toBeUndefined();
  expect(await proxyFor("http://10.1.2.3/", [PROXY, own], environment)).toBeUndefined();
  expect(await proxyFor("http://env.example/", [PROXY, own], environment)).toBeDefined();
  expect(await proxyFor("http://env.example/", [PROXY], environment)).toBeUndefined();
  expect(await proxyFor("http://env.example/", [PROXY], { no_proxy: "env.example" })).toBeUndefined();
});

test("our own servers are reached without it", async () => {
  const lines = [
    PROXY,
    'http.client.host = "gateway"',
    'c8y.proxy.client.host = "mapper.local"',
    'c8y.profiles.two.proxy.client.host = "fd00::2"',
  ];
  for (const host of ["gateway:8000", "mapper.local:8001", "[fd00::2]:8001", "127.0.0.1", "localhost"]) {
    expect(await proxyFor(`http://${host}/`, lines)).toBeUndefined();
  }
  expect(await proxyFor("http://other/", lines)).toBeDefined();
});

test("a certificate that was renewed is read anew", async () => {
  const directory = await ConfigDirectory.make({ "cert.pem": MY_DEVICE, "key.pem": MY_DEVICE_KEY });
  const key = (name: string, file: string) => `http.client.auth.${name} = ${JSON.stringify(directory.file(file))}`;
  await directory.write("tedge.toml", [key("cert_file", "cert.pem"), key("key_file", "key.pem")].join("\n"));
  const config = await directory.config();
  expect(await httpClientSettings(config)).toMatchObject({ value: { tls: { cert: MY_DEVICE } } });
  await directory.write("cert.pem", "renewed");
  expect(await httpClientSettings(config)).toMatchObject({ value: { tls: { cert: "renewed" } } });
});
