import { type Fault, fault } from "../base/fault.ts";

/** The fault of a request to a local server with what to do about it as its last cause, where that can be told. */
export function withHint(top: Fault, isForProxy: boolean): Fault {
  const hint = HINTS.find(({ codes }) => codes.test(rootOf(top).code));
  return hint === undefined ? top : append(top, fault("hint", hint.text(isForProxy ? PROXY : AGENT)));
}

interface LocalServer {
  readonly service: string;
  /** Settings that say where it is. */
  readonly place: string;
}

const AGENT: LocalServer = { service: "tedge-agent", place: "http.client.host and http.client.port" };
const PROXY: LocalServer = {
  service: "tedge-mapper-c8y",
  place: "c8y.proxy.client.host and c8y.proxy.client.port",
};

const HINTS: readonly { readonly codes: RegExp; readonly text: (server: LocalServer) => string }[] = [
  {
    codes: /^ECONNREFUSED$/,
    text: ({ service, place }) =>
      `Is ${service} running there? Start it (systemctl start ${service}), or set ${place} to where it is`,
  },
  {
    codes: /^(?:ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|timeout)$/,
    text: ({ service, place }) => `Is ${service} really there? Its address is taken from ${place}`,
  },
  {
    codes: /^UNABLE_TO_|SELF_SIGNED/,
    text: () => "The server's certificate must be issued by an authority of /etc/ssl/certs or of http.ca_path",
  },
  {
    codes: /^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/,
    text: () => "Renew the server's certificate, unless the clock of this machine is wrong",
  },
  {
    codes: /ALTNAME|HOSTNAME_MISMATCH/,
    text: ({ place }) => `The server's certificate is for other hosts: see ${place}`,
  },
  {
    codes: /^EPROTO$|^ERR_SSL_/,
    text: () => "A server that asks for client certificates wants http.client.auth.cert_file and key_file to be set",
  },
];

function rootOf(top: Fault): Fault {
  return top.cause === undefined ? top : rootOf(top.cause);
}

function append(top: Fault, last: Fault): Fault {
  return { ...top, cause: top.cause === undefined ? last : append(top.cause, last) };
}
