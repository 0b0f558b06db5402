import type { ValueType } from "./value-type.ts";

/** What has to happen for a change to take effect: restart the services, reconnect the cloud, or nothing. */
export type Applies = "restart" | "reconnect" | "at-once";

/** What a default may look at. Values come in their printed form; `undefined` stands for none. */
export interface DefaultContext {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A setting outside the clouds. */
  text(key: string): string | undefined;
  /** A setting of the same cloud and profile, as it would be stored. */
  sibling(key: string): string | undefined;
}

/** A default in the form that a person would type: fixed, or made of other values. */
export type Default = string | ((context: DefaultContext) => string);

export interface SettingOptions {
  /** One sentence. */
  readonly doc: string;
  readonly note?: string;
  /** In the form that a person would type; at least one. */
  readonly examples: readonly [string, ...string[]];
  /** Former names. Of a cloud's settings: without the cloud. */
  readonly aliases?: readonly string[];
  /** Part of the configuration document that a service publishes (spec/cli-and-config §5). */
  readonly exposed?: true;
  /** Never shown in logs and forms. */
  readonly secret?: true;
  /** Default `restart`. */
  readonly applies?: Applies;
}

/** One row of the table of keys. `always`: it has a default, so that it can be read at any time. */
export interface Setting<T, Presence extends "always" | "maybe" = "always" | "maybe"> extends SettingOptions {
  readonly type: ValueType<T>;
  readonly presence: Presence;
  readonly applies: Applies;
  readonly default?: Default;
  /** Like a default, but may give nothing. */
  readonly fallback?: (context: DefaultContext) => string | undefined;
}

/** The value that a row of the table gives. */
export type SettingValue<S> =
  S extends Setting<infer T, infer Presence> ? (Presence extends "always" ? T : T | undefined) : never;

/** A setting with a default. */
export function setting<T>(
  type: ValueType<T>,
  options: SettingOptions & { readonly default: Default },
): Setting<T, "always"> {
  return { applies: "restart", ...options, type, presence: "always" };
}

/** A setting that may be unset. */
export function optional<T>(
  type: ValueType<T>,
  options: SettingOptions & { readonly fallback?: (context: DefaultContext) => string | undefined },
): Setting<T, "maybe"> {
  return { applies: "restart", ...options, type, presence: "maybe" };
}
