import { optional, setting } from "../setting.ts";
import { ipAddressType } from "../types/host-type.ts";
import { bytesType, countType, portType } from "../types/integer-type.ts";
import { pathType, stringType } from "../types/string-type.ts";
import { textListType } from "../types/text-list-type.ts";
import { wordType } from "../types/word-type.ts";

/** `http.*` (spec/cli-and-config §3.1, spec/http-api §1). */
export const HTTP_SETTINGS = {
  "http.cert_path": optional(pathType, {
    doc: "Certificate of the HTTP server of the agent; with it and a key the server speaks HTTPS",
    note: "Set together with http.key_path",
    examples: ["/etc/tedge/device-certs/file_transfer_certificate.pem"],
  }),
  "http.key_path": optional(pathType, {
    doc: "Private key of the HTTP server of the agent",
    note: "Set together with http.cert_path",
    examples: ["/etc/tedge/device-certs/file_transfer_private_key.pem"],
  }),
  "http.ca_path": optional(pathType, {
    doc: "Authorities that clients of the HTTP server of the agent must be certified by: a directory, or a file",
    note: "Without it clients need no certificate",
    examples: ["/etc/ssl/certs"],
  }),
  "http.authz": setting(wordType(["none", "entity"]), {
    default: "none",
    doc: "Who may do what with the HTTP server of the agent: everybody everything, or each client what belongs to the entity of its token",
    note: "Tokens are made by `tedge http-token create`",
    examples: ["none", "entity"],
  }),
  "http.allowed_hosts": setting(textListType, {
    default: "",
    doc: "Names by which clients may reach the HTTP server of the agent, beside addresses, localhost, the name of this machine and http.client.host; web pages of these hosts are trusted",
    note: "Without it a server that listens on more than loopback takes every name from clients that are no web browsers; * allows all",
    examples: ["gateway.example.com", "gateway.example.com,files.example.com", "*"],
  }),
  "http.max_connections": setting(countType, {
    default: "512",
    doc: "Most connections that the HTTP server of the agent has open at one time; further ones are refused",
    examples: ["512", "64"],
  }),
  "http.max_connections_per_client": setting(countType, {
    default: "128",
    doc: "Most connections that the HTTP server of the agent has open at one time to one address other than this machine's",
    examples: ["128", "16"],
  }),
  "http.bind.port": setting(portType, {
    default: "8000",
    doc: "Port that the HTTP server of the agent listens on",
    examples: ["8000"],
    aliases: ["http.port"],
  }),
  "http.bind.address": setting(ipAddressType, {
    default: ({ text }) => text("mqtt.external.bind.address") ?? text("mqtt.bind.address") ?? "127.0.0.1",
    doc: "Address that the HTTP server of the agent listens on",
    examples: ["127.0.0.1", "192.168.1.2"],
    aliases: ["http.address", "http.bind_address"],
  }),
  "http.events.max_streams": setting(countType, {
    default: "64",
    doc: "Most event streams that the HTTP server of the agent has open at one time; further ones are refused",
    note: "0 refuses all",
    examples: ["64", "8"],
  }),
  "http.events.history_count": setting(countType, {
    default: "10000",
    doc: "Most events that are kept, so that the client of an event stream can resume without a gap",
    note: "Nothing is kept before the first stream is opened",
    examples: ["10000"],
  }),
  "http.events.history_bytes": setting(bytesType, {
    default: "4194304",
    doc: "Most bytes that the events kept for the clients of event streams take",
    examples: ["4194304", "1048576"],
  }),
  "http.client.port": setting(portType, {
    default: "8000",
    doc: "Port that clients use to reach the HTTP server of the agent",
    examples: ["8000"],
    exposed: true,
  }),
  "http.client.host": setting(stringType, {
    default: "127.0.0.1",
    doc: "Host that clients use to reach the HTTP server of the agent",
    examples: ["127.0.0.1", "192.168.1.2", "tedge-hostname"],
    exposed: true,
  }),
  "http.client.auth.cert_file": optional(pathType, {
    doc: "Certificate that is shown to HTTPS servers that ask for one",
    note: "Set together with http.client.auth.key_file",
    examples: ["/etc/tedge/device-certs/tedge-certificate.pem"],
  }),
  "http.client.auth.key_file": optional(pathType, {
    doc: "Private key of the certificate that is shown to HTTPS servers",
    note: "Set together with http.client.auth.cert_file",
    examples: ["/etc/tedge/device-certs/tedge-private-key.pem"],
  }),
  "http.client.auth.token_file": optional(pathType, {
    doc: "File with the token that is shown to the HTTP server of the agent",
    note: "For a child device; the agent's own machine needs none",
    examples: ["/etc/tedge/http-token"],
  }),
} as const;
