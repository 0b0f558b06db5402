/** The command that started another one. */
export interface Invocation {
  readonly operation: string;
  readonly id: string;
}

/** `sub:<operation>:<id>`, the id of a command that was started by another one (spec/mqtt-api §10.1). */
export function subCommandId({ operation, id }: Invocation): string {
  return `sub:${operation}:${id}`;
}

/** Who started the command with this id; `undefined` when it was started by itself. */
export function invocationOf(id: string): Invocation | undefined {
  const parts = SUB_ID.exec(id);
  const [, operation = "", parentId = ""] = parts ?? [];
  return parts === null ? undefined : { operation, id: parentId };
}

/** All that led to the command with this id, the one that started it first: `sub:a:sub:b:42` gives `sub:b:42` of `a`, then `42` of `b`. */
export function invocationsOf(id: string): Invocation[] {
  const chain: Invocation[] = [];
  for (let next = invocationOf(id); next !== undefined; next = invocationOf(next.id)) chain.push(next);
  return chain;
}

/** `c8y-mapper`, which the ids of all commands of the mapper hold. */
export function mapperIdPrefix(topicPrefix: string): string {
  return `${topicPrefix}-mapper`;
}

/** `c8y-mapper-<id of the operation in the cloud>`. */
export function cloudCommandId(prefix: string, cloudId: string): string {
  return `${prefix}-${cloudId}`;
}

/**
 * `<prefix>-2024-05-02T18-59-21.361000000Z`, for a command that has no id of its own: without a colon, since it becomes part of a file
 * name. `now` in milliseconds since the epoch, `sequence` from 0 to 999,999 tells commands of the same millisecond apart.
 */
export function timedCommandId(prefix: string, now: number, sequence = 0): string {
  const milliseconds = new Date(now).toISOString().replaceAll(":", "-").replace("Z", "");
  return `${prefix}-${milliseconds}${String(sequence).padStart(6, "0")}Z`;
}

/** Whether a command belongs to whoever makes ids with this prefix: it need not stand at the beginning. */
export function isOwnCommand(prefix: string, id: string): boolean {
  return id.includes(prefix);
}

/** The part of an own id behind the prefix: the cloud's id of the operation; `undefined` for an id that does not begin with it. */
export function cloudIdOf(prefix: string, id: string): string | undefined {
  return id.startsWith(`${prefix}-`) ? id.slice(prefix.length + 1) : undefined;
}

const SUB_ID = /^sub:([^:]+):([\s\S]+)$/;
