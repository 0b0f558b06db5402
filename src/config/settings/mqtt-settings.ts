import { optional, setting } from "../setting.ts";
import { booleanType } from "../types/boolean-type.ts";
import { durationType } from "../types/duration-type.ts";
import { hostType, ipAddressType } from "../types/host-type.ts";
import { nonZeroPortType, portType } from "../types/integer-type.ts";
import { pathType, stringType } from "../types/string-type.ts";
import { topicIdType } from "../types/topic-type.ts";

/** `mqtt.*` (spec/cli-and-config §3.1, spec/mqtt-api §14.3). */
export const MQTT_SETTINGS = {
  "mqtt.topic_root": setting(stringType, {
    default: "te",
    doc: "First segment of all topics of the bus",
    examples: ["te"],
    exposed: true,
  }),
  "mqtt.device_topic_id": setting(topicIdType, {
    default: "device/main//",
    doc: "Topic identifier of the device that this agent stands for",
    examples: ["device/main//", "device/child_001//"],
    exposed: true,
  }),
  "mqtt.bind.enabled": setting(booleanType, {
    default: "true",
    doc: "Whether `tedge connect` writes the listeners of the local broker",
    note: "Set it to false when the broker is configured by hand or runs elsewhere",
    examples: ["true", "false"],
    applies: "reconnect",
  }),
  "mqtt.bind.address": setting(ipAddressType, {
    default: "127.0.0.1",
    doc: "Address that the local broker listens on",
    examples: ["127.0.0.1", "0.0.0.0"],
    aliases: ["mqtt.bind_address"],
    applies: "reconnect",
  }),
  "mqtt.bind.port": setting(nonZeroPortType, {
    default: "1883",
    doc: "Port that the local broker listens on",
    examples: ["1883"],
    aliases: ["mqtt.port"],
    applies: "reconnect",
  }),
  "mqtt.client.host": setting(hostType, {
    default: "127.0.0.1",
    doc: "Host of the broker that the services connect to",
    examples: ["127.0.0.1", "192.168.1.2", "tedge-hostname"],
    aliases: ["mqtt.client_host"],
    exposed: true,
  }),
  "mqtt.client.port": setting(nonZeroPortType, {
    default: ({ text }) => text("mqtt.bind.port") ?? "1883",
    doc: "Port of the broker that the services connect to",
    examples: ["1883", "8883"],
    aliases: ["mqtt.client_port"],
    exposed: true,
  }),
  "mqtt.client.auth.ca_file": optional(pathType, {
    doc: "File of the authorities that the services trust when they connect to the local broker",
    examples: ["/etc/mosquitto/ca_certificates/ca.crt"],
    aliases: ["mqtt.client.auth.cafile"],
  }),
  "mqtt.client.auth.ca_dir": optional(pathType, {
    doc: "Directory of the authorities that the services trust when they connect to the local broker",
    examples: ["/etc/mosquitto/ca_certificates"],
    aliases: ["mqtt.client.auth.cadir"],
  }),
  "mqtt.client.auth.cert_file": optional(pathType, {
    doc: "Certificate that the services show to the local broker",
    note: "Set together with mqtt.client.auth.key_file",
    examples: ["/etc/mosquitto/auth_certificates/cert.pem"],
    aliases: ["mqtt.client.auth.certfile"],
  }),
  "mqtt.client.auth.key_file": optional(pathType, {
    doc: "Private key of the certificate that the services show to the local broker",
    note: "Set together with mqtt.client.auth.cert_file",
    examples: ["/etc/mosquitto/auth_certificates/key.pem"],
    aliases: ["mqtt.client.auth.keyfile"],
  }),
  "mqtt.client.auth.username": optional(stringType, {
    doc: "User name for the local broker",
    examples: ["tedge"],
  }),
  "mqtt.client.auth.password_file": optional(pathType, {
    doc: "File whose first line is the password for the local broker",
    examples: ["/etc/tedge/.password"],
  }),
  "mqtt.external.ca_path": optional(pathType, {
    doc: "Directory of the authorities that clients of the external listener must be certified by",
    note: "Without it the external listener is open to anyone",
    examples: ["/etc/ssl/certs"],
    aliases: ["mqtt.external.capath"],
    applies: "reconnect",
  }),
  "mqtt.external.cert_file": optional(pathType, {
    doc: "Certificate of the external listener",
    note: "Set together with mqtt.external.key_file",
    examples: ["/etc/tedge/device-certs/tedge-certificate.pem"],
    aliases: ["mqtt.external.certfile"],
    applies: "reconnect",
  }),
  "mqtt.external.key_file": optional(pathType, {
    doc: "Private key of the certificate of the external listener",
    note: "Set together with mqtt.external.cert_file",
    examples: ["/etc/tedge/device-certs/tedge-private-key.pem"],
    aliases: ["mqtt.external.keyfile"],
    applies: "reconnect",
  }),
  "mqtt.external.bind.port": optional(portType, {
    doc: "Port of a second listener of the local broker, for other machines",
    examples: ["8883"],
    aliases: ["mqtt.external.port"],
    applies: "reconnect",
  }),
  "mqtt.external.bind.address": optional(ipAddressType, {
    doc: "Address of the external listener",
    note: "Also where the HTTP server listens unless http.bind.address says otherwise",
    examples: ["0.0.0.0"],
    applies: "reconnect",
  }),
  "mqtt.external.bind.interface": optional(stringType, {
    doc: "Network interface that the external listener is limited to",
    examples: ["wlan0"],
    applies: "reconnect",
  }),
  "mqtt.bridge.built_in": setting(booleanType, {
    default: "true",
    doc: "Whether the mappers bridge to the clouds themselves; if not, mosquitto does",
    note: "After a change run `tedge reconnect` for each cloud",
    examples: ["true", "false"],
    applies: "reconnect",
  }),
  "mqtt.bridge.reconnect_policy.initial_interval": setting(durationType, {
    default: "5s",
    doc: "Wait before the built-in bridge connects again after it lost its connection",
    note: "Doubles with every failure in a row",
    examples: ["0s", "5s"],
  }),
  "mqtt.bridge.reconnect_policy.maximum_interval": setting(durationType, {
    default: "10m",
    doc: "Longest wait before the built-in bridge connects again",
    examples: ["10m"],
  }),
  "mqtt.bridge.reconnect_policy.reset_window": setting(durationType, {
    default: "5m",
    doc: "Time that a connection must hold for the wait to begin at the initial interval again",
    examples: ["5m"],
  }),
} as const;
