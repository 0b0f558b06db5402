import { optional, setting } from "../setting.ts";
import { booleanType } from "../types/boolean-type.ts";
import { durationType } from "../types/duration-type.ts";
import { proxyUrlType } from "../types/proxy-url-type.ts";
import { stringType } from "../types/string-type.ts";
import { textListType } from "../types/text-list-type.ts";
import { wordType } from "../types/word-type.ts";

/** `unix` or `rfc-3339`; `rfc3339` is read too. */
export const timestampFormatType = wordType(["unix", "rfc-3339"], { aliases: { rfc3339: "rfc-3339" } });

/** `firmware.* service.* apt.* sudo.* proxy.* diag.* log.* configuration.*` (spec/cli-and-config §3.1). */
export const SYSTEM_SETTINGS = {
  "firmware.child.update.timeout": setting(durationType, {
    default: "1h",
    doc: "Time that a child device gets to finish a firmware update",
    examples: ["1h", "3600"],
  }),
  "service.type": setting(stringType, {
    default: "service",
    doc: "Type of services that name none",
    examples: ["service", "systemd"],
  }),
  "service.timestamp_format": setting(timestampFormatType, {
    default: "unix",
    doc: "Format of `time` in health messages",
    examples: ["unix", "rfc-3339"],
  }),
  "apt.name": optional(stringType, {
    doc: "Regular expression of the names of packages that the apt plugin lists",
    examples: ["tedge.*"],
    applies: "at-once",
  }),
  "apt.maintainer": optional(stringType, {
    doc: "Regular expression of the maintainers of packages that the apt plugin lists",
    examples: ["thin-edge.io team.*"],
    applies: "at-once",
  }),
  "apt.dpkg.options.config": setting(
    wordType(["keepold", "keepnew"], { inFiles: { keepold: "KeepOld", keepnew: "KeepNew" } }),
    {
      default: "keepold",
      doc: "What dpkg does with configuration files that were changed",
      examples: ["keepold", "keepnew"],
      aliases: ["apt.dpk.options.config"],
      applies: "at-once",
    },
  ),
  "sudo.enable": setting(booleanType, {
    default: "true",
    doc: "Whether privileged programs are run with sudo",
    examples: ["true", "false"],
  }),
  "proxy.address": optional(proxyUrlType, {
    doc: "HTTP proxy for all connections to clouds",
    examples: ["http://127.0.0.1:8000", "192.168.1.1:8000"],
  }),
  "proxy.username": optional(stringType, {
    doc: "User name for the proxy",
    note: "Set together with proxy.password",
    examples: ["proxyuser"],
  }),
  "proxy.password": optional(stringType, {
    doc: "Password for the proxy",
    note: "Set together with proxy.username",
    examples: ["proxypassword"],
    secret: true,
  }),
  "proxy.no_proxy": optional(stringType, {
    fallback: ({ environment }) => environment.NO_PROXY ?? environment.no_proxy,
    doc: "Comma-separated hosts, domains, addresses and networks that are reached without the proxy",
    examples: ["127.0.0.1", "example.com"],
  }),
  "diag.plugin_paths": setting(textListType, {
    default: "/usr/share/tedge/diag-plugins",
    doc: "Directories of the plugins of `tedge diag`",
    examples: ["/usr/share/tedge/diag-plugins"],
    applies: "at-once",
  }),
  "log.plugin_paths": setting(textListType, {
    default: "/usr/share/tedge/log-plugins",
    doc: "Directories of the plugins that fetch logs",
    examples: ["/usr/share/tedge/log-plugins,/usr/local/lib/tedge/log-plugins"],
  }),
  "configuration.plugin_paths": setting(textListType, {
    default: "/usr/share/tedge/config-plugins",
    doc: "Directories of the plugins that manage configuration files",
    examples: ["/usr/share/tedge/config-plugins,/usr/local/lib/tedge/config-plugins"],
  }),
} as const;
