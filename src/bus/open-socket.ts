import { connect as connectTcp, isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import type { BrokerEndpoint } from "./session.ts";

/** Begins to connect to a broker. The server's certificate is always verified. Throws when a certificate or key cannot be used. */
export function openSocket(endpoint: BrokerEndpoint): Socket {
  const { host, port, tls } = endpoint;
  const socket = tls === undefined ? connectTcp({ host, port }) : connectTls(tlsOptions(endpoint, tls));
  // Acknowledgements are small and somebody waits for each.
  socket.setNoDelay(true);
  return socket;
}

function tlsOptions(endpoint: BrokerEndpoint, tls: NonNullable<BrokerEndpoint["tls"]>): ConnectionOptions {
  const name = tls.serverName ?? endpoint.host;
  return {
    host: endpoint.host,
    port: endpoint.port,
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
    // An address is no server name (RFC 6066 §3); the certificate is checked against the host then.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(tls.ca === undefined ? {} : { ca: [...tls.ca] }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
  };
}
