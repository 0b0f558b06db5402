import { quoteText } from "../../base/quoted-text.ts";
import { type Problem, textProblem } from "../problem.ts";
import { type HostHeader, isSameHost, parseHost, parseOrigin } from "./host-header.ts";
import { type HostPolicy, isLocalName, isOwnName } from "./host-policy.ts";

/**
 * Why a request is refused that a web page of others may have sent: by a name of theirs that they let point here (DNS rebinding), or with
 * their page as its origin (cross-site request forgery). `undefined`: it may go on. Clients that are no browsers send neither.
 */
export function judgeRequest(headers: Headers, policy: HostPolicy): Problem | undefined {
  const header = headers.get("host");
  const host = header === null ? undefined : parseHost(header);
  if (header !== null && host === undefined) return textProblem(400, `Invalid Host: ${quoteText(header)}`);
  if (host !== undefined && !mayName(host.name, headers, policy)) {
    return textProblem(
      421,
      `This server is not known as ${quoteText(host.name)}. Add the name to http.allowed_hosts if clients shall use it`,
    );
  }
  const origin = headers.get("origin");
  if (origin !== null) return judgeOrigin(origin, host, policy);
  return isEmbedded(headers) ? FOREIGN_PAGE : undefined;
}

function mayName(name: string, headers: Headers, policy: HostPolicy): boolean {
  if (isOwnName(name, policy)) return true;
  switch (policy.refused) {
    case "nobody":
      return true;
    case "browsers":
      return isLocalName(name) || !isFromBrowser(headers);
    case "everybody":
      return false;
  }
}

/** Also the name that the page and the request have in common has to be good: a rebound page is of the same host as its requests. */
function judgeOrigin(header: string, host: HostHeader | undefined, policy: HostPolicy): Problem | undefined {
  const origin = parseOrigin(header);
  if (origin !== undefined) {
    if (policy.trustedPages.has(origin.name)) return undefined;
    if (host !== undefined && isSameHost(origin, host)) return undefined;
  }
  return textProblem(
    403,
    `Requests of web pages of ${quoteText(header)} are not accepted. Add the host to http.allowed_hosts to trust it`,
  );
}

/** What a page of another site loads as image, script and the like comes without Origin; following a link is harmless. */
function isEmbedded(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  return (site === "cross-site" || site === "same-site") && headers.get("sec-fetch-mode") !== "navigate";
}

const FOREIGN_PAGE = textProblem(403, "Requests of web pages of other sites are not accepted");

/** All browsers call themselves Mozilla. */
function isFromBrowser(headers: Headers): boolean {
  if (headers.get("user-agent")?.startsWith("Mozilla/") === true) return true;
  return BROWSER_HEADERS.some((name) => headers.has(name));
}

const BROWSER_HEADERS = ["origin", "sec-fetch-site", "sec-fetch-mode", "upgrade-insecure-requests"];
