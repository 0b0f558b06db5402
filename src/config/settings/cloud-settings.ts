import { optional, setting } from "../setting.ts";
import { booleanType } from "../types/boolean-type.ts";
import { durationType } from "../types/duration-type.ts";
import { cloudUrlType } from "../types/host-type.ts";
import { payloadLimitType } from "../types/integer-type.ts";
import { pathType, stringType } from "../types/string-type.ts";
import { textListType } from "../types/text-list-type.ts";
import { topicPrefixType } from "../types/topic-type.ts";
import { timestampFormatType } from "./system-settings.ts";

/** Names of the settings that all clouds share, without the cloud in front; each also holds for a profile (spec/cli-and-config §3.2). */
export function cloudConnectionSettings(urlExample: string) {
  return {
    url: optional(cloudUrlType, {
      doc: "Host of the cloud endpoint",
      examples: [urlExample],
      exposed: true,
      applies: "reconnect",
    }),
    root_cert_path: setting(pathType, {
      default: "/etc/ssl/certs",
      doc: "Authorities that are trusted for connections to the cloud: a PEM file, or a directory of such",
      examples: ["/etc/ssl/certs", "/etc/tedge/trusted-root-certificates.pem"],
      applies: "reconnect",
    }),
  } as const;
}

export const CLOUD_DEVICE_SETTINGS = {
  "device.id": optional(stringType, {
    doc: "Identifier of the device in this cloud",
    note: "Read from the certificate of this cloud when there is one",
    examples: ["Raspberrypi-4d18303a-6d3a-11eb-b1a6-175f6bb72665"],
    exposed: true,
    applies: "reconnect",
  }),
  "device.key_path": setting(pathType, {
    default: ({ text }) => text("device.key_path") ?? "",
    doc: "Path of the private key for this cloud, in PEM format",
    examples: ["/home/user/.tedge/tedge-private-key.pem"],
    applies: "reconnect",
  }),
  "device.cert_path": setting(pathType, {
    default: ({ text }) => text("device.cert_path") ?? "",
    doc: "Path of the certificate for this cloud, in PEM format",
    examples: ["/home/user/.tedge/tedge-certificate.pem"],
    applies: "reconnect",
  }),
  "device.csr_path": setting(pathType, {
    default: ({ text }) => text("device.csr_path") ?? "",
    doc: "Path of the certificate signing request for this cloud, in PEM format",
    examples: ["/home/user/.tedge/tedge.csr"],
    applies: "reconnect",
  }),
  "device.key_uri": optional(stringType, {
    fallback: ({ text }) => text("device.key_uri"),
    doc: "PKCS #11 URI of the private key for this cloud",
    examples: ["pkcs11:token=my-pkcs11-module;object=my-key"],
    applies: "reconnect",
  }),
  "device.key_pin": optional(stringType, {
    doc: "PIN for the private key for this cloud",
    examples: ["my-secret-pin"],
    secret: true,
    applies: "reconnect",
  }),
} as const;

export function cloudTopicsSetting(topics: readonly string[]) {
  return setting(textListType, {
    default: topics.join(","),
    doc: "Topics that the mapper subscribes to",
    examples: ["te/+/+/+/+/a/+,te/+/+/+/+/m/+,te/+/+/+/+/e/+"],
    exposed: true,
  });
}

export function maxPayloadSizeSetting(bytes: string) {
  return setting(payloadLimitType, {
    default: bytes,
    doc: "Largest message that is sent to the cloud, in bytes",
    examples: [bytes],
    exposed: true,
  });
}

export function cloudBridgeSettings(prefix: string) {
  return {
    "bridge.topic_prefix": setting(topicPrefixType, {
      default: prefix,
      doc: "First part of the local topics that are bridged to the cloud, and part of the name of the mapper service",
      note: "Two profiles of a cloud need different ones",
      examples: [prefix, `${prefix}-second`],
      exposed: true,
      applies: "reconnect",
    }),
    "bridge.keepalive_interval": setting(durationType, {
      default: "60s",
      doc: "Time without traffic after which the bridge checks its connection to the cloud",
      examples: ["60s"],
      applies: "reconnect",
    }),
  } as const;
}

const MEASUREMENT_TOPICS = ["te/+/+/+/+/m/+", "te/+/+/+/+/e/+", "te/+/+/+/+/a/+", "te/+/+/+/+/status/health"];

/** All that Azure IoT and AWS IoT have in common. */
export function telemetryCloudSettings(cloud: { urlExample: string; prefix: string; maxPayloadSize: string }) {
  return {
    ...cloudConnectionSettings(cloud.urlExample),
    topics: cloudTopicsSetting(MEASUREMENT_TOPICS),
    ...CLOUD_DEVICE_SETTINGS,
    "mapper.timestamp": setting(booleanType, {
      default: "true",
      doc: "Whether the mapper adds a timestamp to messages that have none",
      examples: ["true", "false"],
    }),
    "mapper.timestamp_format": setting(timestampFormatType, {
      default: "unix",
      doc: "Format of timestamps in messages to the cloud",
      examples: ["unix", "rfc-3339"],
    }),
    "mapper.mqtt.max_payload_size": maxPayloadSizeSetting(cloud.maxPayloadSize),
    ...cloudBridgeSettings(cloud.prefix),
  } as const;
}

export const AZ_SETTINGS = telemetryCloudSettings({
  urlExample: "myazure.azure-devices.net",
  prefix: "az",
  maxPayloadSize: "262144",
});

export const AWS_SETTINGS = telemetryCloudSettings({
  urlExample: "your-endpoint.amazonaws.com",
  prefix: "aws",
  maxPayloadSize: "131072",
});
