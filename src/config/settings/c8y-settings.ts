import { join } from "node:path";
import { type DefaultContext, optional, setting } from "../setting.ts";
import { booleanType } from "../types/boolean-type.ts";
import { durationType } from "../types/duration-type.ts";
import { hostPortType, ipAddressType } from "../types/host-type.ts";
import { portType } from "../types/integer-type.ts";
import { pathType, stringType } from "../types/string-type.ts";
import { textListType } from "../types/text-list-type.ts";
import { wordType } from "../types/word-type.ts";
import {
  CLOUD_DEVICE_SETTINGS,
  cloudBridgeSettings,
  cloudConnectionSettings,
  cloudTopicsSetting,
  maxPayloadSizeSetting,
} from "./cloud-settings.ts";

const TOPICS = [
  "te/+/+/+/+",
  "te/+/+/+/+/twin/+",
  "te/+/+/+/+/m/+",
  "te/+/+/+/+/m/+/meta",
  "te/+/+/+/+/e/+",
  "te/+/+/+/+/a/+",
  "te/+/+/+/+/status/health",
];

/** Settings of a Cumulocity connection, without `c8y.` in front; each also holds for a profile (spec/cli-and-config §3.2). */
export const C8Y_SETTINGS = {
  ...cloudConnectionSettings("your-tenant.cumulocity.com"),
  auth_method: setting(wordType(["certificate", "basic", "auto"], { aliases: { password: "basic" } }), {
    default: "certificate",
    doc: "How the device proves who it is: certificate, user name and password, or whichever there is",
    note: "`auto` means basic if the credentials file exists, else certificate",
    examples: ["certificate", "basic", "auto"],
    exposed: true,
    applies: "reconnect",
  }),
  credentials_path: setting(pathType, {
    default: ({ directory }) => join(directory, "credentials.toml"),
    doc: "File of the user name and password, a `[c8y]` table with `username` and `password`",
    examples: ["/etc/tedge/credentials.toml"],
    applies: "reconnect",
  }),
  http: optional(hostPortType(443), {
    fallback: withinCloud("url"),
    doc: "HTTP endpoint of Cumulocity, when it is not at the URL",
    examples: ["http.your-tenant.cumulocity.com:1234"],
    exposed: true,
    applies: "reconnect",
  }),
  mqtt: optional(hostPortType(8883), {
    fallback: withinCloud("url"),
    doc: "MQTT endpoint of Cumulocity, when it is not at the URL",
    examples: ["mqtt.your-tenant.cumulocity.com:1234"],
    exposed: true,
    applies: "reconnect",
  }),
  topics: cloudTopicsSetting(TOPICS),
  ...CLOUD_DEVICE_SETTINGS,
  "smartrest.templates": setting(textListType, {
    default: "",
    doc: "SmartREST 2 template collections that the device uses",
    examples: ["templateId1,templateId2"],
    exposed: true,
    applies: "reconnect",
  }),
  "smartrest.use_operation_id": setting(booleanType, {
    default: "true",
    doc: "Whether the status of an operation is sent with its id, rather than for its type",
    examples: ["true", "false"],
  }),
  "smartrest.child_device.create_with_device_marker": setting(booleanType, {
    default: "false",
    doc: "Whether child devices are created with the marker of a device",
    examples: ["true", "false"],
  }),
  "smartrest1.templates": setting(textListType, {
    default: "",
    doc: "SmartREST 1 templates that the device uses",
    examples: ["templateId1,templateId2"],
    exposed: true,
    applies: "reconnect",
  }),
  "enable.log_upload": operationSetting("log file uploads", ["enable.log_management"]),
  "enable.config_snapshot": operationSetting("configuration snapshots"),
  "enable.config_update": operationSetting("configuration updates"),
  "enable.firmware_update": operationSetting("firmware updates"),
  "enable.device_profile": operationSetting("device profiles"),
  "enable.device_restart": operationSetting("restarts of the device"),
  "enable.software_update": operationSetting("software updates"),
  "mapper.mqtt.max_payload_size": maxPayloadSizeSetting("16184"),
  "proxy.cert_path": optional(pathType, {
    doc: "Certificate of the local Cumulocity proxy; with it and a key the proxy speaks HTTPS",
    note: "Set together with proxy.key_path",
    examples: ["/etc/tedge/device-certs/c8y_proxy_certificate.pem"],
  }),
  "proxy.key_path": optional(pathType, {
    doc: "Private key of the local Cumulocity proxy",
    note: "Set together with proxy.cert_path",
    examples: ["/etc/tedge/device-certs/c8y_proxy_private_key.pem"],
  }),
  "proxy.ca_path": optional(pathType, {
    doc: "Authorities that clients of the proxy must be certified by: a directory, or a file",
    examples: ["/etc/ssl/certs"],
  }),
  "proxy.bind.address": setting(ipAddressType, {
    default: "127.0.0.1",
    doc: "Address that the local Cumulocity proxy listens on",
    examples: ["127.0.0.1", "0.0.0.0"],
  }),
  "proxy.bind.port": setting(portType, {
    default: "8001",
    doc: "Port that the local Cumulocity proxy listens on",
    note: "Two profiles need different ones",
    examples: ["8001"],
  }),
  "proxy.client.host": setting(stringType, {
    default: "127.0.0.1",
    doc: "Host that clients use to reach the local Cumulocity proxy",
    examples: ["127.0.0.1", "192.168.1.2", "tedge-hostname"],
    exposed: true,
  }),
  "proxy.client.port": setting(portType, {
    default: (context) => withinCloud("proxy.bind.port")(context) ?? "8001",
    doc: "Port that clients use to reach the local Cumulocity proxy",
    examples: ["8001"],
    exposed: true,
  }),
  ...cloudBridgeSettings("c8y"),
  "bridge.include.local_cleansession": setting(
    wordType(["true", "false", "auto"], { inFiles: { true: "True", false: "False", auto: "Auto" } }),
    {
      default: "auto",
      doc: "Whether a bridge of mosquitto has a local clean session; auto asks mosquitto for its version",
      examples: ["true", "false", "auto"],
      applies: "reconnect",
    },
  ),
  "entity_store.auto_register": setting(booleanType, {
    default: "true",
    doc: "Whether the mapper registers entities that publish without having registered before",
    examples: ["true", "false"],
  }),
  "entity_store.clean_start": setting(booleanType, {
    default: "true",
    doc: "Whether the mapper forgets its entities on every start and builds the store from retained messages",
    examples: ["true", "false"],
  }),
  "software_management.api": setting(wordType(["legacy", "advanced"]), {
    default: "legacy",
    doc: "Which software management API of Cumulocity is used",
    examples: ["legacy", "advanced"],
  }),
  "software_management.with_types": setting(booleanType, {
    default: "false",
    doc: "Whether the supported software types are told to Cumulocity",
    examples: ["true", "false"],
  }),
  "operations.auto_log_upload": setting(wordType(["never", "always", "on-failure"]), {
    default: "on-failure",
    doc: "When the workflow log of an operation is uploaded",
    examples: ["never", "always", "on-failure"],
  }),
  "availability.enable": setting(booleanType, {
    default: "true",
    doc: "Whether availability of devices is monitored",
    examples: ["true", "false"],
  }),
  "availability.interval": setting(durationType, {
    default: "60m",
    doc: "Time within which a device must be heard of",
    note: "Cumulocity counts in whole minutes",
    examples: ["60m", "3600", "1h"],
  }),
  "mqtt_service.enabled": setting(booleanType, {
    default: "false",
    doc: "Whether the device connects to the MQTT service of Cumulocity",
    examples: ["true", "false"],
    exposed: true,
    applies: "reconnect",
  }),
  "mqtt_service.topics": setting(textListType, {
    default: "",
    doc: "Topics of the MQTT service that the device subscribes to",
    examples: ["incoming/topic,another/topic,test/topic"],
    exposed: true,
    applies: "reconnect",
  }),
} as const;

function operationSetting(what: string, aliases: readonly string[] = []) {
  return setting(booleanType, {
    default: "true",
    doc: `Whether Cumulocity may ask for ${what}`,
    examples: ["true", "false"],
    aliases,
    exposed: true,
  });
}

/** The value of another setting of the same cloud and profile. */
function withinCloud(key: string): (context: DefaultContext) => string | undefined {
  return ({ sibling }) => sibling(key);
}
