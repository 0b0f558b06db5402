import { fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type FileServer, serverUrl } from "../files/file-url.ts";
import { fileBody } from "../files/transfer/file-body.ts";
import { locateTarget } from "../files/transfer/locate-target.ts";
import { isMediaType } from "../files/transfer/media-type.ts";
import { textBody } from "../files/transfer/request-body.ts";
import { type Answer, sendRequest } from "../files/transfer/send-request.ts";
import { requestFault, type TransferFault } from "../files/transfer/transfer-fault.ts";
import { TRANSFER_POLICY, type TransferOptions } from "../files/transfer/transfer-options.ts";
import { withHint } from "./http-hint.ts";
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
  /** How servers are asked. */
  client(): Promise<Result<Pick<TransferOptions, "http" | "credentials">>>;
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
  const isForProxy = args.uri.startsWith("/c8y");
  const server = isForProxy ? await world.cloudProxy(args.profile) : await world.agent();
  if (!server.ok) return { kind: "failed", description: `${args.method} ${args.uri}`, fault: server.fault };
  const url = `${serverUrl(server.value)}${args.uri}`;
  const done = await converse(context, world, { ...args, url });
  if (done.ok) return { kind: "done" };
  return { kind: "failed", description: `${args.method} ${url}`, fault: withHint(done.fault, isForProxy) };
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
  const client = await world.client();
  if (!client.ok) return client;
  const { clock, random, log, signal } = context;
  const sent = await send(args, { clock, random, log, signal, ...client.value });
  return sent.ok ? await receive(world, sent.value) : sent;
}

async function send(args: LocatedArgs, options: TransferOptions): Promise<Result<Answer, TransferFault>> {
  const { url, method, file, contentType } = args;
  const headers: Record<string, string> = args.acceptType === undefined ? {} : { accept: args.acceptType };
  if (file !== undefined) {
    const target = await locateTarget(file, { url, headers }, options);
    if (!target.ok) return target;
    return await sendRequest({ ...target.value, method, body: fileBody(file, contentType) }, options);
  }
  const text = args.content ?? args.data;
  const body = text === undefined ? {} : { body: textBody(text, contentType ?? "application/json") };
  return await sendRequest({ url, method, headers, ...body }, options);
}

async function receive(world: HttpCommandWorld, answer: Answer): Promise<Result<undefined>> {
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
    return err(requestFault(thrown, answer.url));
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
