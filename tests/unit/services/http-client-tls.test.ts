import { expect, test } from "bun:test";
import { describeFault } from "../../../src/base/fault.ts";
import { httpClientTls } from "../../../src/services/http-client-tls.ts";
import { CLOUD_DEVICE, MY_DEVICE, MY_DEVICE_KEY } from "../config/certificate-fixtures.ts";
import { ConfigDirectory, removeConfigDirectories } from "../config/config-directory.ts";

removeConfigDirectories();

async function tlsOf(toml: (file: (name: string) => string) => readonly string[]) {
  const directory = await ConfigDirectory.make({
    "ca.pem": CLOUD_DEVICE,
    "cert.pem": MY_DEVICE,
    "key.pem": MY_DEVICE_KEY,
  });
  await directory.write("tedge.toml", toml((name) => JSON.stringify(directory.file(name))).join("\n"));
  const tls = await httpClientTls(await directory.config());
  return tls.ok ? tls.value : describeFault(tls.fault).replaceAll(directory.path, "<cfg>");
}

test("a configuration that says nothing leaves trust to the system, and shows no certificate", async () => {
  expect(await tlsOf(() => [])).toEqual({ tls: undefined, ownTls: undefined });
});

test("the authorities of a cloud are trusted besides those of the system", async () => {
  const tls = await tlsOf((file) => [`az.root_cert_path = ${file("ca.pem")}`]);
  const trusted = { ca: expect.arrayContaining([CLOUD_DEVICE]) };
  expect(tls).toEqual({ tls: trusted, ownTls: trusted });
});

test("those of a profile too", async () => {
  const tls = await tlsOf((file) => [`c8y.profiles.two.root_cert_path = ${file("ca.pem")}`]);
  const trusted = { ca: expect.arrayContaining([CLOUD_DEVICE]) };
  expect(tls).toEqual({ tls: trusted, ownTls: trusted });
});

test("the identity is shown when both its parts are set", async () => {
  const both = (file: (name: string) => string) => [
    `http.client.auth.cert_file = ${file("cert.pem")}`,
    `http.client.auth.key_file = ${file("key.pem")}`,
  ];
  const identity = { cert: MY_DEVICE, key: MY_DEVICE_KEY };
  expect(await tlsOf(both)).toEqual({ tls: identity, ownTls: identity });
  expect(await tlsOf((file) => both(file).slice(0, 1))).toContain('Currently ["http.client.auth.cert_file"] are set');
});

test("the authorities of the agent's HTTP server are trusted for our own servers only", async () => {
  const tls = await tlsOf((file) => [`http.ca_path = ${file("ca.pem")}`]);
  expect(tls).toEqual({ tls: undefined, ownTls: { ca: expect.arrayContaining([CLOUD_DEVICE]) } });
});

test("a file that cannot be read is named with its key", async () => {
  expect(await tlsOf((file) => [`az.root_cert_path = ${file("missing")}`])).toStartWith(
    "Invalid 'az.root_cert_path': ",
  );
  const identity = await tlsOf((file) => [
    `http.client.auth.cert_file = ${file("cert.pem")}`,
    `http.client.auth.key_file = ${file("missing")}`,
  ]);
  expect(identity).toStartWith("Invalid 'http.client.auth.key_file': ");
});
