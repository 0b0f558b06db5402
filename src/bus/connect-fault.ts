import { type Fault, fault, toFault } from "../base/fault.ts";
import type { BrokerEndpoint } from "./session.ts";

/** Why there is no connection to a broker, as far as it can be told from outside. */
export type ConnectFaultCode =
  | "connection-refused"
  | "host-not-found"
  | "host-unreachable"
  | "connection-lost"
  | "not-mqtt"
  | "server-not-trusted"
  | "server-certificate-expired"
  | "server-name-mismatch"
  | "client-certificate-missing"
  | "client-certificate-rejected"
  | "not-tls"
  | "tls-failed";

/** CONNACK return codes (MQTT-3.2.2.3). */
export type ConnackFaultCode =
  | "unacceptable-protocol"
  | "identifier-rejected"
  | "server-unavailable"
  | "bad-credentials"
  | "not-authorized"
  | "connack-refused";

type Reason = readonly [ConnectFaultCode, text: string];

/** Turns an error of a socket or of TLS into a fault that says what to look at; the cause keeps the original code and text. */
export function connectFault(endpoint: BrokerEndpoint, thrown: unknown): Fault<ConnectFaultCode> {
  const cause = toFault(thrown);
  const [code, text] = reasonOf(cause, endpoint);
  return fault(code, `${endpoint.host}:${endpoint.port}: ${text}`, { cause });
}

export function connackFault(endpoint: BrokerEndpoint, returnCode: number): Fault<ConnackFaultCode> {
  const [code, text] = CONNACK[returnCode] ?? ["connack-refused", `the broker refused the connection (${returnCode})`];
  return fault(code, `${endpoint.host}:${endpoint.port}: ${text}`, { detail: { returnCode } });
}

/** The network closed the connection without an error. */
export function connectionClosed(endpoint: BrokerEndpoint, accepted: boolean): Fault<ConnectFaultCode> {
  const text = accepted ? "the broker closed the connection" : "the broker closed the connection without an answer";
  return fault("connection-lost", `${endpoint.host}:${endpoint.port}: ${text}`);
}

const CONNACK: Readonly<Record<number, readonly [ConnackFaultCode, text: string]>> = {
  1: ["unacceptable-protocol", "the broker does not speak MQTT 3.1.1"],
  2: ["identifier-rejected", "the broker does not accept this client id"],
  3: ["server-unavailable", "the broker is not available at the moment"],
  4: ["bad-credentials", "the broker does not accept this user name or password"],
  5: ["not-authorized", "the broker does not authorize this client to connect"],
};

const NOT_MQTT: Reason = ["not-mqtt", "what listens there does not speak MQTT"];

const EXACT: Readonly<Record<string, Reason>> = {
  "not-mqtt": NOT_MQTT,
  ECONNREFUSED: ["connection-refused", "nothing listens there"],
  ENOTFOUND: ["host-not-found", "there is no such host"],
  EAI_AGAIN: ["host-not-found", "the name cannot be resolved at the moment"],
  EHOSTUNREACH: ["host-unreachable", "there is no route to the host"],
  ENETUNREACH: ["host-unreachable", "there is no route to the network"],
  ETIMEDOUT: ["host-unreachable", "the host does not answer"],
  SELF_SIGNED_CERT_IN_CHAIN: ["server-not-trusted", "its certificate is signed by an authority that is not trusted"],
  DEPTH_ZERO_SELF_SIGNED_CERT: ["server-not-trusted", "its certificate is self-signed and not trusted"],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ["server-not-trusted", "the authority of its certificate is not trusted"],
  UNABLE_TO_GET_ISSUER_CERT: ["server-not-trusted", "the authority of its certificate is not trusted"],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ["server-not-trusted", "the authority of its certificate is not trusted"],
  CERT_HAS_EXPIRED: ["server-certificate-expired", "its certificate has expired, or the clock of this device is wrong"],
  CERT_NOT_YET_VALID: [
    "server-certificate-expired",
    "its certificate is not valid yet, or the clock of this device is wrong",
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: ["server-name-mismatch", "its certificate is for another name"],
  HOSTNAME_MISMATCH: ["server-name-mismatch", "its certificate is for another name"],
};

/** Bun has the alert in the code (`ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED`), Node and Deno in the text behind `EPROTO`. */
const TLS_ALERTS: readonly (readonly [pattern: RegExp, reason: Reason])[] = [
  [/CERTIFICATE_REQUIRED|PEER_DID_NOT_RETURN/, ["client-certificate-missing", "it asks for a client certificate"]],
  [
    /(BAD|UNSUPPORTED|REVOKED|EXPIRED|UNKNOWN)_CERTIFICATE|CERTIFICATE_(EXPIRED|REVOKED|UNKNOWN)|UNKNOWN_CA|ACCESS_DENIED/,
    ["client-certificate-rejected", "it does not accept the client certificate"],
  ],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/, ["not-tls", "what listens there does not speak TLS"]],
  [/SSL|TLS|X509|OSSL|PEM|CERT/, ["tls-failed", "no secure connection could be made"]],
];

/** What the codec says of bytes that are no packet; its errors have no code of their own. */
const NO_PACKET = /^(?:Invalid|Malformed|Cannot parse|Wrong|Not supported|Packet)\b/;

function reasonOf(cause: Fault, endpoint: BrokerEndpoint): Reason {
  const exact = EXACT[cause.code];
  if (exact !== undefined) return exact;
  if (cause.code === "Error" && NO_PACKET.test(cause.message)) return NOT_MQTT;
  const words = `${cause.code} ${cause.message}`.toUpperCase().replace(/[^A-Z0-9]+/g, "_");
  const alert = endpoint.tls === undefined ? undefined : TLS_ALERTS.find(([pattern]) => pattern.test(words));
  return alert?.[1] ?? ["connection-lost", "the connection broke"];
}
