import * as v from "valibot";

/** The payload of `<E>/cmd/<operation>` when it is not empty, which withdraws the capability (spec/mqtt-api §10.3). */
export const CAPABILITY_SCHEMA = v.pipe(
  v.looseObject({
    types: v.optional(
      v.pipe(v.array(v.string()), v.description("Types of software, configuration or log that the operation knows")),
    ),
  }),
  v.examples([{}, { types: ["apt", "container"] }]),
);
