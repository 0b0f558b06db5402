import { basename } from "node:path";
import { ok } from "../../base/result.ts";
import { openSource, watchedPassage } from "./file-body.ts";
import { guessMediaType } from "./media-type.ts";
import type { RequestBody } from "./request-body.ts";

export interface FormOptions {
  /** Media type of the part; default: guessed from the extension. */
  readonly type?: string;
  /** Name of the file as the server is told; default: that of the file. */
  readonly fileName?: string;
  /** Text fields that go before the file. */
  readonly fields?: Readonly<Record<string, string>>;
  /** A number in [0, 1). */
  readonly random: () => number;
}

/** A form with a file in its part `file`, streamed (RFC 7578). */
export function formBody(path: string, options: FormOptions): RequestBody {
  const boundary = `tebus-${[0, 0, 0].map(() => Math.floor(options.random() * 2 ** 40).toString(36)).join("-")}`;
  const file = { name: options.fileName ?? basename(path), type: options.type ?? guessMediaType(path) };
  const before = encode(partsBefore(boundary, options.fields ?? {}, file));
  const after = encode(`\r\n--${boundary}--\r\n`);
  return {
    async open(onProgress) {
      const opened = await openSource(path);
      if (!opened.ok) return opened;
      const source = opened.value;
      return ok({
        content: source.stream(0, source.size).pipeThrough(watchedPassage(onProgress, before, after)),
        type: `multipart/form-data; boundary=${boundary}`,
        size: before.byteLength + source.size + after.byteLength,
        close: () => source.close(),
      });
    },
  };
}

function partsBefore(
  boundary: string,
  fields: Readonly<Record<string, string>>,
  file: { readonly name: string; readonly type: string },
): string {
  const start = (name: string) => `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(name)}"`;
  const texts = Object.entries(fields).map(([name, value]) => `${start(name)}\r\n\r\n${value}\r\n`);
  const named = `${start("file")}; filename="${escapeName(file.name)}"\r\nContent-Type: ${file.type}\r\n\r\n`;
  return texts.join("") + named;
}

/** As browsers do it (WHATWG HTML, multipart form data). */
function escapeName(name: string): string {
  return name.replace(
    /[\r\n"]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
