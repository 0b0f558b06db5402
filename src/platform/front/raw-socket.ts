/** What is used of a TCP connection of Bun. Its events go to its present `data`. */
export interface RawSocket {
  data: SocketEvents;
  /** Bytes that were taken; `drained` tells when there is room for more. Negative when it is closed. */
  write(chunk: Uint8Array | string): number;
  pause(): void;
  resume(): void;
  /** Sends no more, but still reads. */
  shutdown(): void;
  /** Closes it when the other end has closed too. */
  end(): void;
  /** Closes it at once. */
  terminate(): void;
}

/** What happens to a TCP connection. The bytes belong to whoever gets them. */
export interface SocketEvents {
  received(chunk: Uint8Array): void;
  /** After a write that was not taken whole: there is room again. */
  drained(): void;
  /** The other end sends no more, and may still read. */
  ended(): void;
  closed(): void;
}

/** Hands the events of sockets to their `data`. */
export const RAW_EVENTS = {
  data: (socket: RawSocket, chunk: Uint8Array) => socket.data.received(chunk),
  drain: (socket: RawSocket) => socket.data.drained(),
  end: (socket: RawSocket) => socket.data.ended(),
  close: (socket: RawSocket) => socket.data.closed(),
  // A connection that breaks is closed, and that is told by itself.
  error: () => undefined,
} as const;

/** For a socket that is done with. */
export const NO_EVENTS: SocketEvents = {
  received: () => undefined,
  drained: () => undefined,
  ended: () => undefined,
  closed: () => undefined,
};
