/** The end of a text that may never stop coming, in bounded memory. */
export class TextRing {
  private readonly limit: number;
  private readonly chunks: string[] = [];
  private length = 0;

  /** @param limit Characters kept, about: whole chunks go first. */
  constructor(limit: number) {
    this.limit = limit;
  }

  push(chunk: string): void {
    this.chunks.push(chunk.length > this.limit ? chunk.slice(-this.limit) : chunk);
    this.length += Math.min(chunk.length, this.limit);
    while (this.length > this.limit && this.chunks.length > 1) this.length -= this.chunks.shift()?.length ?? 0;
  }

  toString(): string {
    return this.chunks.join('').slice(-this.limit);
  }
}
