import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Result } from "../base/result.ts";
import type { Config } from "../config/config.ts";
import { download } from "../files/transfer/download.ts";
import type { TransferOptions } from "../files/transfer/transfer-options.ts";
import { upload } from "../files/transfer/upload.ts";
import type { Transfer } from "../operations/steps/transfer.ts";
import { tokenHeaders } from "../security/token-header.ts";
import { httpClientSettings } from "./http-client.ts";

/** Downloads and uploads as the configuration wants them. Certificates and tokens are read for each, so that renewed ones are used. */
export function createTransfer(
  config: Config,
  world: { readonly clock: Clock; readonly random: () => number; readonly log: Log },
): Transfer {
  const credentials = tokenHeaders(config);
  const withOptions = async <T>(
    signal: AbortSignal,
    run: (options: TransferOptions) => Promise<Result<T>>,
  ): Promise<Result<T>> => {
    const http = await httpClientSettings(config);
    return http.ok ? await run({ ...world, signal, http: http.value, credentials }) : http;
  };
  return {
    download: (url, target, signal) => withOptions(signal, (options) => download({ url, target }, options)),
    upload: (source, url, signal) => withOptions(signal, (options) => upload({ url, source }, options)),
  };
}
