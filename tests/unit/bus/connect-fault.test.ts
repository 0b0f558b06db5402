import { describe, expect, test } from "bun:test";
import { connackFault, connectFault, connectionClosed } from "../../../src/bus/connect-fault.ts";

const PLAIN = { host: "broker", port: 1883 };
const TLS = { host: "broker", port: 8883, tls: {} };
const thrown = (code: string, text = `text of ${code}`) => Object.assign(new Error(text), { code });

describe("an error of the network", () => {
  test.each([
    ["ECONNREFUSED", "connection-refused"],
    ["ENOTFOUND", "host-not-found"],
    ["EAI_AGAIN", "host-not-found"],
    ["EHOSTUNREACH", "host-unreachable"],
    ["ETIMEDOUT", "host-unreachable"],
    ["ECONNRESET", "connection-lost"],
    ["EPIPE", "connection-lost"],
  ])("%s is %s", (code, expected) => {
    expect(connectFault(PLAIN, thrown(code)).code).toBe(expected as never);
  });

  test.each(["Invalid header flag bits, must be 0x0 for puback packet", "Not supported", "Packet too short"])(
    "%s comes from something that is no broker",
    (text) => {
      expect(connectFault(PLAIN, new Error(text))).toMatchObject({
        code: "not-mqtt",
        message: "broker:1883: what listens there does not speak MQTT",
      });
    },
  );

  test("says where, and keeps what was thrown as its cause", () => {
    expect(connectFault(PLAIN, thrown("ECONNREFUSED"))).toEqual({
      code: "connection-refused",
      message: "broker:1883: nothing listens there",
      cause: { code: "ECONNREFUSED", message: "text of ECONNREFUSED" },
    });
  });
});

describe("an error of TLS", () => {
  test.each([
    ["SELF_SIGNED_CERT_IN_CHAIN", "server-not-trusted"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "server-not-trusted"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "server-not-trusted"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "server-not-trusted"],
    ["CERT_HAS_EXPIRED", "server-certificate-expired"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "server-name-mismatch"],
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "client-certificate-missing"],
    ["ERR_SSL_TLSV1_ALERT_CERTIFICATE_REQUIRED", "client-certificate-missing"],
    ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "client-certificate-rejected"],
    ["ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", "client-certificate-rejected"],
    ["ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED", "client-certificate-rejected"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "not-tls"],
    ["ERR_SSL_SOMETHING_NEW", "tls-failed"],
    ["ERR_OSSL_PEM_NO_START_LINE", "tls-failed"],
    ["ECONNRESET", "connection-lost"],
    ["ERR_SOCKET_CLOSED", "connection-lost"],
  ])("%s is %s", (code, expected) => {
    expect(connectFault(TLS, thrown(code)).code).toBe(expected as never);
  });
});

test.each([
  ["write EPROTO 80:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:", "not-tls"],
  ["error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:", "client-certificate-missing"],
  ["error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:", "client-certificate-rejected"],
])("an alert of TLS is found in the text too: %s", (text, expected) => {
  expect(connectFault(TLS, thrown("EPROTO", text)).code).toBe(expected as never);
});

test("a refusing CONNACK says what its code means", () => {
  expect(connackFault(PLAIN, 5)).toEqual({
    code: "not-authorized",
    message: "broker:1883: the broker does not authorize this client to connect",
    detail: { returnCode: 5 },
  });
  expect(connackFault(PLAIN, 200)).toMatchObject({ code: "connack-refused", detail: { returnCode: 200 } });
});

test("a connection that ends without an error was lost, before or after the broker answered", () => {
  expect(connectionClosed(PLAIN, true).message).toBe("broker:1883: the broker closed the connection");
  expect(connectionClosed(PLAIN, false).message).toEndWith("without an answer");
});
