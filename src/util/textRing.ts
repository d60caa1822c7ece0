/** Keeps the end of an endless text in bounded memory. */
import { endOf } from './text.ts';

export class TextRing {
  private readonly limit: number;
  private readonly chunks: string[] = [];
  private length = 0;

  /** @param limit About how many characters are kept. Whole chunks are dropped. */
  constructor(limit: number) {
    this.limit = limit;
  }

  push(chunk: string): void {
    const kept = endOf(chunk, this.limit);
    this.chunks.push(kept);
    this.length += kept.length;
    while (this.length > this.limit && this.chunks.length > 1) this.length -= this.chunks.shift()?.length ?? 0;
  }

  toString(): string {
    return endOf(this.chunks.join(''), this.limit);
  }
}
