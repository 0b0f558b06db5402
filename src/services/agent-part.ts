import { mkdir } from "node:fs/promises";
import { fileFault } from "../base/atomic-file.ts";
import { FaultError } from "../base/fault.ts";
import type { EntityId } from "../bus/entity-id.ts";
import type { Participant, Publish } from "../bus/participant.ts";
import type { BrokerEndpoint } from "../bus/session.ts";
import type { TopicSchema } from "../bus/topic.ts";
import type { Config } from "../config/config.ts";
import type { ServiceHost } from "./service.ts";

/** Something that the agent does besides being on the bus. Each step throws a `FaultError` when the agent cannot work without it. */
export interface AgentPart {
  readonly participants: readonly Participant[];
  /** Before the bus: state is read, ports are taken. */
  open(signal: AbortSignal): Promise<void>;
  /** The bus is joined for the first time. */
  ready?(): void;
  /** While the bus is still there; `timeout` in milliseconds. */
  leaveBus?(timeout: number): Promise<void>;
  close?(): Promise<void>;
}

/** What the parts of the agent are made from. */
export interface AgentContext {
  readonly config: Config;
  readonly host: ServiceHost;
  readonly schema: TopicSchema;
  readonly device: EntityId;
  readonly stateDirectory: string;
  readonly endpoint: BrokerEndpoint;
  readonly publish: Publish;
}

/** Makes a directory that has to be there; a fault otherwise. */
export async function requireDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (thrown) {
    throw new FaultError(fileFault(`Cannot make the directory ${path}`, thrown));
  }
}
