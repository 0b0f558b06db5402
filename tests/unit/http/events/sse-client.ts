/** An event as a browser dispatches it. */
export interface DispatchedEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
}

/**
 * Interprets an event stream as the WHATWG HTML specification says ("9.2.6 Interpreting an event stream"), piece by piece as it comes.
 */
export class SseClient {
  readonly events: DispatchedEvent[] = [];
  readonly comments: string[] = [];
  lastEventId = "";
  reconnectionTime: number | undefined;
  private rest = "";
  private idBuffer: string;
  private data: string[] = [];
  private type = "";

  /** A connection that resumes keeps the id of the one before. */
  constructor(lastEventId = "") {
    this.idBuffer = lastEventId;
    this.lastEventId = lastEventId;
  }

  feed(text: string): void {
    this.rest += text;
    if (!/[\r\n]/.test(text)) return;
    // A CR at the end may be the first half of a CRLF.
    const lines = this.rest.split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.line(line);
  }

  private line(line: string): void {
    if (line === "") return this.dispatch();
    if (line.startsWith(":")) {
      this.comments.push(line.slice(1));
      return;
    }
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.type = value;
    else if (field === "data") this.data.push(value);
    else if (field === "id" && !value.includes("\0")) this.idBuffer = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.reconnectionTime = Number(value);
  }

  private dispatch(): void {
    this.lastEventId = this.idBuffer;
    const { type, data } = this;
    this.type = "";
    this.data = [];
    if (data.length === 0) return;
    this.events.push({ type: type || "message", data: data.join("\n"), lastEventId: this.lastEventId });
  }
}
