/** One line of a report: what was measured, and its samples. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly samples: readonly number[];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** `name   median unit   (lowest … highest of n)` */
export function report({ name, unit, samples }: Figure): string {
  const text = (value: number) => (value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(1));
  const range = `(${text(Math.min(...samples))} … ${text(Math.max(...samples))} of ${samples.length})`;
  return `${name.padEnd(58)} ${text(median(samples)).padStart(9)} ${unit.padEnd(7)} ${range}`;
}

/** Takes a sample so many times, one after the other. */
export async function sample(runs: number, take: () => Promise<number>): Promise<number[]> {
  const samples: number[] = [];
  for (let run = 0; run < runs; run += 1) samples.push(await take());
  return samples;
}
