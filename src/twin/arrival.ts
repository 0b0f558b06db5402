import type { EntityId } from "../bus/entity-id.ts";
import type { RegistrationPayload } from "../bus/payload/registration.ts";

/**
 * How a message came. `live`: published just now. `overtaken`: published before a message of ours on the same topic, which the broker
 * has by now put over it. `again`: possibly delivered before (DUP). `retained`: what the broker holds, on a new subscription.
 */
export type Delivery = "live" | "overtaken" | "again" | "retained";

/** Where a registration comes from: a message, the HTTP API, the data of an unknown entity, or the journal. */
export type Origin = Delivery | "api" | "automatic" | "journal";

/** A registration on its way into the tree. */
export interface Arrival {
  readonly id: EntityId;
  readonly payload: RegistrationPayload;
  /** The message text, as it came or is to be published. */
  readonly text: string;
  readonly origin: Origin;
  /** It waited for its parent: the order of the early data that had come before it did. */
  readonly suspendedAt?: number;
  /** Of `payload.twin`, what was taken away later (journal only). */
  readonly removedKeys?: ReadonlySet<string>;
}
