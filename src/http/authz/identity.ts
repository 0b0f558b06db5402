import type { EntityId } from "../../bus/entity-id.ts";

/** Who asks. */
export type Identity =
  /** The gateway's own processes, and whoever has a token of the main device: they may do everything. */
  | { readonly kind: "gateway" }
  | {
      readonly kind: "entity";
      readonly id: EntityId;
      /** Paths in the file store that may be read besides the entity's own; clean and relative. */
      readonly reads: readonly string[];
    };
