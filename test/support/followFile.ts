/** Reads a file while other processes append to it. */
import { closeSync, openSync, readSync } from 'node:fs';

export interface Following {
  /** Reads the rest, then stops. */
  stop(): void;
}

/** Calls `onChunk` with each new piece of `file`, which must exist. A piece may end within a line or a character. */
export function followFile(file: string, onChunk: (chunk: Buffer) => void): Following {
  const input = openSync(file, 'r');
  const buffer = Buffer.alloc(65_536);
  const read = (): void => {
    for (let size = readSync(input, buffer); size > 0; size = readSync(input, buffer)) {
      onChunk(Buffer.from(buffer.subarray(0, size)));
    }
  };
  const timer = setInterval(read, 100);
  return {
    stop() {
      clearInterval(timer);
      read();
      closeSync(input);
    },
  };
}
