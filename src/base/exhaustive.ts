/** Ends a `switch` over a discriminated union: it does not compile while an arm is missing. */
export function exhaustive(missed: never): never {
  throw new Error(`Missed case: ${JSON.stringify(missed)}`);
}
