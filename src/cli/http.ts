import { fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type FileServer, serverUrl } from "../files/file-url.ts";
import { finalUrl } from "../files/transfer/final-url.ts";
import { guessMediaType, isMediaType } from "../files/transfer/media-type.ts";
import { type Answer, type OutgoingRequest, sendRequest } from "../files/transfer/send-request.ts";
import { openSource, watchedBody } from "../files/transfer/source-file.ts";
import { requestFault } from "../files/transfer/transfer-fault.ts";
import { TRANSFER_POLICY, type TransferOptions } from "../files/transfer/transfer-options.ts";
import type { ClientTls } from "../platform/http-client.ts";
import type { CliContext, CommandOutcome } from "./outcome.ts";

export interface HttpArgs {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Begins with `/c8y` or `/te`; appended to the server's URL as it is. */
  readonly uri: string;
  /** Exactly one of these three with POST, PUT and PATCH. */
  readonly content?: string;
  readonly data?: string;
  /** Path of the file to send. */
  readonly file?: string;
  readonly contentType?: string;
  readonly acceptType?: string;
  readonly profile?: string;
}

/** What the command needs of the configuration and of the terminal. */
export interface HttpCommandWorld {
  /** Where `http.client.*` says that the agent is; `https` iff `http.cert_path` is set. */
  agent(): Promise<Result<FileServer>>;
  /** Where `c8y[.profiles.<profile>].proxy.client.*` says that the proxy is. */
  cloudProxy(profile: string | undefined): Promise<Result<FileServer>>;
  /** Identity and trust; `undefined` for those of the system. */
  tls(): Promise<Result<ClientTls | undefined>>;
  /** Writes bytes to standard output. */
  output(bytes: Uint8Array): void | Promise<void>;
}

/** `tedge http get|post|put|patch|delete` (spec/http-api §10, spec/cli-and-config §9.2). */
export async function httpCommand(
  context: CliContext,
  world: HttpCommandWorld,
  args: HttpArgs,
): Promise<CommandOutcome> {
  const misuse = checkUsage(args);
  if (misuse !== undefined) return { kind: "usage", text: misuse };
  if (!/^\/(?:c8y|te)/.test(args.uri)) {
    const notLocal = fault("not-local", `Not a local HTTP uri: ${args.uri}`);
    return { kind: "failed", description: "", top: "missing configuration parameter", fault: notLocal };
  }
  const server = args.uri.startsWith("/c8y") ? await world.cloudProxy(args.profile) : await world.agent();
  if (!server.ok) return { kind: "failed", description: `${args.method} ${args.uri}`, fault: server.fault };
  const url = `${serverUrl(server.value)}${args.uri}`;
  const done = await converse(context, world, { ...args, url });
  return done.ok ? { kind: "done" } : { kind: "failed", description: `${args.method} ${url}`, fault: done.fault };
}

function checkUsage({ method, content, data, file, contentType, acceptType }: HttpArgs): string | undefined {
  const given = [content, data, file].filter((body) => body !== undefined).length;
  const hasBody = method !== "GET" && method !== "DELETE";
  if (hasBody && given === 0) return "the content to send is missing: give it as an argument, or with --data or --file";
  if (given > (hasBody ? 1 : 0)) return "the content can be given only once: as an argument, or with --data or --file";
  const wrong = [contentType, acceptType].find((type) => type !== undefined && !isMediaType(type));
  return wrong === undefined ? undefined : `not a MIME type: '${wrong}'`;
}

type LocatedArgs = HttpArgs & { readonly url: string };

async function converse(context: CliContext, world: HttpCommandWorld, args: LocatedArgs): Promise<Result<undefined>> {
  const tls = await world.tls();
  if (!tls.ok) return tls;
  const { clock, random, log, signal } = context;
  const options = { clock, random, log, signal, ...(tls.value === undefined ? {} : { tls: tls.value }) };
  if (args.file !== undefined) return await sendFile(world, args, args.file, options);
  const body = args.content ?? args.data;
  const headers = headersOf(args, "application/json", body !== undefined);
  return await exchange(
    world,
    args.url,
    () => ({ method: args.method, headers, ...(body === undefined ? {} : { body }) }),
    options,
  );
}

async function sendFile(
  world: HttpCommandWorld,
  args: LocatedArgs,
  path: string,
  options: TransferOptions,
): Promise<Result<undefined>> {
  const opened = await openSource(path);
  if (!opened.ok) return opened;
  const source = opened.value;
  try {
    const url = await finalUrl(args.url, {}, options);
    if (!url.ok) return url;
    const headers = { ...headersOf(args, guessMediaType(path), true), "content-length": String(source.size) };
    const outgoing: OutgoingRequest = (onProgress) => ({
      method: args.method,
      headers,
      duplex: "half",
      redirect: "manual",
      body: watchedBody(source, onProgress),
    });
    return await exchange(world, url.value, outgoing, options);
  } finally {
    await source.close();
  }
}

function headersOf(args: HttpArgs, defaultType: string, hasBody: boolean): Record<string, string> {
  return {
    ...(hasBody ? { "content-type": args.contentType ?? defaultType } : {}),
    ...(args.acceptType === undefined ? {} : { accept: args.acceptType }),
  };
}

async function exchange(
  world: HttpCommandWorld,
  url: string,
  outgoing: OutgoingRequest,
  options: TransferOptions,
): Promise<Result<undefined>> {
  const sent = await sendRequest(url, outgoing, options);
  if (!sent.ok) return sent;
  const answer = sent.value;
  const { ok: fine, status, statusText } = answer.response;
  try {
    if (fine) {
      for await (const chunk of bodyOf(answer)) await world.output(chunk);
      return ok();
    }
    return err(
      fault("http-status", `${errorKind(status)}: ${status} ${statusText}\n${await errorText(answer)}`.trimEnd()),
    );
  } catch (thrown) {
    return err(requestFault(thrown, url));
  } finally {
    answer.end();
  }
}

async function* bodyOf({ response, watchdog }: Answer): AsyncGenerator<Uint8Array> {
  for await (const chunk of response.body ?? []) {
    watchdog.feed(TRANSFER_POLICY.idleTimeout);
    yield chunk;
  }
}

function errorKind(status: number): string {
  return status >= 500 ? "HTTP server error" : status >= 400 ? "HTTP client error" : "HTTP error";
}

/** As much of the body of an error as a terminal should show. */
async function errorText(answer: Answer): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of bodyOf(answer)) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > LONGEST_ERROR) break;
  }
  return text.slice(0, LONGEST_ERROR);
}

const LONGEST_ERROR = 65_536;
