/**
 * An expected failure as data: a literal `code` for programs, a `message` for people, and the chain of causes.
 * The message says what, where and what to do; it never holds a secret.
 */
export interface Fault<Code extends string = string> {
  readonly code: Code;
  readonly message: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly cause?: Fault;
}

export interface FaultOptions {
  readonly detail?: Readonly<Record<string, unknown>>;
  /** What made it happen: another fault, or whatever was thrown. */
  readonly cause?: unknown;
}

export function fault<Code extends string>(code: Code, message: string, options: FaultOptions = {}): Fault<Code> {
  return {
    code,
    message,
    ...(options.detail === undefined ? {} : { detail: options.detail }),
    ...(options.cause === undefined ? {} : { cause: toFault(options.cause) }),
  };
}

/** The one gate that turns whatever was thrown into a fault, keeping the chain of causes. */
export function toFault(thrown: unknown): Fault {
  if (isFault(thrown)) return thrown;
  if (thrown instanceof FaultError) return thrown.fault;
  if (thrown instanceof Error) {
    const code = "code" in thrown && typeof thrown.code === "string" ? thrown.code : thrown.name;
    return fault(code, thrown.message, thrown.cause === undefined ? {} : { cause: thrown.cause });
  }
  return fault("unknown", String(thrown));
}

/** The messages of a fault and all its causes, outermost first. */
export function faultChain(top: Fault): string[] {
  const chain: string[] = [];
  for (let next: Fault | undefined = top; next !== undefined; next = next.cause) chain.push(next.message);
  return chain;
}

/** The chain on one line, for a log: `outermost: cause: root cause`. */
export function describeFault(top: Fault): string {
  return faultChain(top).join(": ");
}

/** A fault that has to cross code which only knows exceptions (an event emitter, a stream). `toFault` opens it again. */
export class FaultError extends Error {
  readonly fault: Fault;

  constructor(inner: Fault) {
    super(describeFault(inner));
    this.name = "FaultError";
    this.fault = inner;
  }
}

function isFault(value: unknown): value is Fault {
  return (
    typeof value === "object" &&
    value !== null &&
    !(value instanceof Error) &&
    "code" in value &&
    typeof value.code === "string" &&
    "message" in value &&
    typeof value.message === "string"
  );
}
