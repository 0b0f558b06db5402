import { join } from "node:path";
import { optional, setting } from "../setting.ts";
import { durationType } from "../types/duration-type.ts";
import { pathType, stringType } from "../types/string-type.ts";
import { wordType } from "../types/word-type.ts";

/** `device.*` and `certificate.*` (spec/cli-and-config §3.1). */
export const DEVICE_SETTINGS = {
  "device.id": optional(stringType, {
    doc: "Identifier of the device within the fleet; it must be globally unique",
    note: "Read from the device certificate when there is one",
    examples: ["Raspberrypi-4d18303a-6d3a-11eb-b1a6-175f6bb72665"],
    exposed: true,
  }),
  "device.key_path": setting(pathType, {
    default: ({ directory }) => join(directory, "device-certs/tedge-private-key.pem"),
    doc: "Path of the private key of the device, in PEM format",
    examples: ["/home/user/.tedge/tedge-private-key.pem"],
  }),
  "device.cert_path": setting(pathType, {
    default: ({ directory }) => join(directory, "device-certs/tedge-certificate.pem"),
    doc: "Path of the certificate of the device, in PEM format",
    examples: ["/home/user/.tedge/tedge-certificate.pem"],
  }),
  "device.csr_path": setting(pathType, {
    default: ({ directory }) => join(directory, "device-certs/tedge.csr"),
    doc: "Path of the certificate signing request of the device, in PEM format",
    examples: ["/home/user/.tedge/tedge.csr"],
  }),
  "device.key_uri": optional(stringType, {
    doc: "PKCS #11 URI of the private key, when it lives in a hardware security module",
    examples: ["pkcs11:token=my-pkcs11-module;object=my-key"],
  }),
  "device.key_pin": optional(stringType, {
    doc: "PIN for the private key of the device, when it differs from the PIN of the token",
    examples: ["my-secret-pin"],
    secret: true,
  }),
  "device.type": setting(stringType, {
    default: "thin-edge.io",
    doc: "Type of the device, as told to the clouds",
    examples: ["thin-edge.io", "packaging-line"],
    exposed: true,
  }),
  "device.cryptoki.mode": setting(wordType(["off", "module", "socket"]), {
    default: "off",
    doc: "Whether the private key lives in a hardware security module, and how that is reached",
    examples: ["off", "module", "socket"],
  }),
  "device.cryptoki.module_path": optional(pathType, {
    doc: "Path of the PKCS #11 library",
    examples: ["/usr/lib/pkcs11/libsofthsm2.so"],
  }),
  "device.cryptoki.pin": setting(stringType, {
    default: "123456",
    doc: "PIN of the PKCS #11 token",
    examples: ["123456"],
    secret: true,
  }),
  "device.cryptoki.uri": optional(stringType, {
    doc: "PKCS #11 URI of the token to use",
    examples: ["pkcs11:token=my-pkcs11-module"],
  }),
  "device.cryptoki.socket_path": setting(pathType, {
    default: "/run/tedge-p11-server/tedge-p11-server.sock",
    doc: "Path of the socket of the PKCS #11 server",
    examples: ["/run/tedge-p11-server/tedge-p11-server.sock"],
  }),
} as const;

export const CERTIFICATE_SETTINGS = {
  "certificate.organization": setting(stringType, {
    default: "Thin Edge",
    doc: "Organization (O) in the subject of new certificates",
    examples: ["Thin Edge", "ACME"],
    applies: "at-once",
  }),
  "certificate.organization_unit": setting(stringType, {
    default: "Device",
    doc: "Organizational unit (OU) in the subject of new certificates",
    examples: ["Device"],
    applies: "at-once",
  }),
  "certificate.validity.requested_duration": setting(durationType, {
    default: "365d",
    doc: "Validity asked for new certificates",
    note: "An authority may grant less",
    examples: ["365d", "1 year"],
    applies: "at-once",
  }),
  "certificate.validity.minimum_duration": setting(durationType, {
    default: "30d",
    doc: "Remaining validity below which a certificate should be renewed",
    examples: ["30d"],
    applies: "at-once",
  }),
} as const;
