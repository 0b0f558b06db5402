/** First in, first out, at constant cost per item however long it grows. */
export class Fifo<T> implements Iterable<T> {
  private items: T[] = [];
  private start = 0;

  get length(): number {
    return this.items.length - this.start;
  }

  push(item: T): void {
    this.items.push(item);
  }

  /** The item that `shift` would give. */
  peek(): T | undefined {
    return this.items[this.start];
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.items[this.start];
    // Cells in front are given back in bulk, once they are the larger part.
    this.start += 1;
    if (this.start >= COMPACT_FROM && this.start * 2 >= this.items.length) this.compact();
    return item;
  }

  /** Takes out and gives back, in order, every item that `which` selects. */
  take(which: (item: T) => boolean): T[] {
    this.compact();
    const taken: T[] = [];
    this.items = this.items.filter((item) => {
      const selected = which(item);
      if (selected) taken.push(item);
      return !selected;
    });
    return taken;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let index = this.start; index < this.items.length; index += 1) yield this.items[index] as T;
  }

  private compact(): void {
    this.items = this.items.slice(this.start);
    this.start = 0;
  }
}

const COMPACT_FROM = 64;
