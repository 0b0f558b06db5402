import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { quoteText } from "../../base/quoted-text.ts";
import { MAIN_DEVICE, parseEntityId } from "../../bus/entity-id.ts";
import type { TokenHolder, TokenKeeper, TokenRefusal } from "../../security/token-keeper.ts";
import type { Twin } from "../../twin/twin.ts";
import { readBodyText } from "../body-text.ts";
import { jsonProblem, problemResponse } from "../problem.ts";
import { rawPath, rawQuery } from "../raw-target.ts";
import type { HttpApp } from "../routed-app.ts";
import { decide, needsBody, type Verdict } from "./decide.ts";
import { endStreamWith } from "./end-stream.ts";
import { familyOf } from "./family.ts";
import type { Identity } from "./identity.ts";
import { parseRequestTarget } from "./request-target.ts";

export interface AuthorizationOptions {
  readonly tokens: Pick<TokenKeeper, "holderOf" | "hasTokenFor" | "watch">;
  readonly twin: Pick<Twin, "get" | "list">;
  /** Absolute path of the file store. */
  readonly storeRoot: string;
  /** External ids of the main device. */
  readonly gatewayNames: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

/** Lets only those through to `app` who show a token, and each only to what is theirs (`http.authz = entity`). */
export function authorizedApp(app: HttpApp, options: AuthorizationOptions): HttpApp {
  const { tokens, twin, storeRoot, gatewayNames, clock, log } = options;
  const family = familyOf({ twin, isExpected: tokens.hasTokenFor, gatewayNames });

  return async (request) => {
    const text = bearerToken(request.headers.get("authorization"));
    if (text === undefined) return unauthorized();
    const holder = tokens.holderOf(text);
    if (!holder.ok) return unauthorized(holder.fault);
    const identity = identityOf(holder.value);
    if (identity === undefined) return unauthorized("unknown");
    if (identity.kind === "gateway") return await app(request);
    const { method } = request;
    const target = parseRequestTarget(rawPath(request), rawQuery(request), storeRoot);
    let asked = request;
    let verdict: Verdict;
    if (needsBody(method, target)) {
      const body = await readBodyText(request);
      if (!body.ok) return problemResponse(body.fault);
      asked = new Request(request, { body: body.value });
      verdict = decide(identity, { method, target, body: body.value }, family);
    } else {
      verdict = decide(identity, { method, target }, family);
    }
    if (!verdict.allowed) {
      log.debug(`${method} ${quoteText(rawPath(request))} refused: ${verdict.reason}`);
      return problemResponse(jsonProblem(403, verdict.reason));
    }
    return endStreamWith(await app(asked), {
      clock,
      isAllowed: () => tokens.holderOf(text).ok,
      until: holder.value.kind === "client" ? holder.value.record.expires : undefined,
      watch: tokens.watch,
    });
  };
}

/** The scheme's name is case-insensitive (RFC 9110 §11.1). */
function bearerToken(header: string | null): string | undefined {
  return /^bearer +(\S+)$/i.exec(header ?? "")?.[1];
}

function identityOf(holder: TokenHolder): Identity | undefined {
  if (holder.kind === "gateway") return holder;
  const { entity, reads } = holder.record;
  const id = parseEntityId(entity);
  if (!id.ok) return undefined;
  return id.value === MAIN_DEVICE ? { kind: "gateway" } : { kind: "entity", id: id.value, reads };
}

function unauthorized(refusal?: TokenRefusal): Response {
  const response = problemResponse(jsonProblem(401, refusal === undefined ? MISSING : WRONG[refusal]));
  const detail = refusal === undefined ? "" : `, error="invalid_token", error_description="${WRONG[refusal]}"`;
  response.headers.set("www-authenticate", `Bearer realm="tedge"${detail}`);
  return response;
}

const MISSING = "A token is needed: Authorization: Bearer <token>";
const WRONG = { unknown: "The token is not known, or was revoked", expired: "The token has expired" } as const;
