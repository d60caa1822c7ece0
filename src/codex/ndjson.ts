/**
 * The app-server's framing for vscode-jsonrpc: one JSON object per line, JSON-RPC 2.0 without its `jsonrpc` member.
 * A line that is not a message is reported and skipped. Only the end of the stream stops the reader.
 */
import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageReader,
  type MessageWriter,
} from 'vscode-jsonrpc/node';
import { oneLine, wellFormedJson } from '../util/text.ts';

/**
 * A reader with backpressure. The connection handles one message per turn of the event loop, but a flood brings hundreds. So the
 * stream pauses while too many wait.
 */
export interface PacedReader extends MessageReader {
  /** Must be called with every message when its handling starts. */
  handled(message: Message): void;
  /** Resolves when the stream has ended and everything that arrived was handled. */
  readonly drained: Promise<void>;
}

export interface NdjsonLimits {
  /** Most characters of one line. A longer line is skipped. */
  line: number;
  /** The stream pauses at this many unhandled messages, and resumes at a quarter of it. */
  unhandled: number;
}

const defaultLimits: NdjsonLimits = { line: 256 * 1024 * 1024, unhandled: 4_000 };

export class NdjsonReader extends AbstractMessageReader implements PacedReader {
  readonly drained: Promise<void>;
  private readonly stream: Readable;
  private readonly limits: NdjsonLimits;
  private readonly decoder = new StringDecoder('utf8');
  /** The pieces of the unfinished line. They are joined once, because appending would copy megabytes for every chunk. */
  private pieces: string[] = [];
  private length = 0;
  private unhandled = 0;
  /** Ids of unhandled messages. The connection queues by id, and a second message with the same id would replace the first. */
  private readonly keys = new Set<string>();
  private ended = false;
  private settleDrained: (() => void) | undefined;

  constructor(stream: Readable, limits: Partial<NdjsonLimits> = {}) {
    super();
    this.stream = stream;
    this.limits = { ...defaultLimits, ...limits };
    this.drained = new Promise((resolve) => {
      this.settleDrained = resolve;
    });
  }

  /** Call it once. Disposing stops the messages but keeps draining the stream, so that its writer does not stall. */
  listen(callback: DataCallback): Disposable {
    const onData = (chunk: Buffer): void => this.take(this.decoder.write(chunk), callback);
    const onEnd = (): void => this.finish(callback);
    this.stream.on('data', onData);
    this.stream.once('end', onEnd).once('close', onEnd);
    this.stream.on('error', (error) => this.fireError(error));
    return {
      dispose: () => {
        this.stream.off('data', onData).off('end', onEnd).off('close', onEnd).resume();
      },
    };
  }

  handled(message: Message): void {
    const key = keyOf(message);
    if (key !== undefined) this.keys.delete(key);
    this.unhandled -= 1;
    if (this.unhandled < this.limits.unhandled / 4 && this.stream.isPaused()) this.stream.resume();
    if (this.unhandled === 0 && this.ended) this.settleDrained?.();
  }

  private take(text: string, callback: DataCallback): void {
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      this.keep(text.slice(start, end));
      this.flush(callback);
      start = end + 1;
    }
    if (start < text.length) this.keep(text.slice(start));
    if (this.unhandled >= this.limits.unhandled) this.stream.pause();
  }

  private keep(piece: string): void {
    this.length += piece.length;
    if (this.length <= this.limits.line) this.pieces.push(piece);
    else this.pieces = [];
  }

  /** Delivers the complete line. */
  private flush(callback: DataCallback): void {
    const { length } = this;
    const line = this.pieces.length === 1 ? (this.pieces[0] ?? '') : this.pieces.join('');
    this.pieces = [];
    this.length = 0;
    if (length > this.limits.line)
      this.fireError(new Error(`A line of ${length} characters is too long and was skipped.`));
    else if (line.trim() !== '') this.deliver(line, callback);
  }

  private deliver(line: string, callback: DataCallback): void {
    try {
      const message: unknown = JSON.parse(line);
      if (!isMessage(message)) throw new Error('it is not an object');
      // Cancellation and progress messages of vscode-jsonrpc do not exist in this protocol.
      if ('method' in message && String(message.method).startsWith('$/')) throw new Error('it is not of this protocol');
      const key = keyOf(message);
      if (key !== undefined && this.keys.has(key)) throw new Error('its id is already in use');
      if (key !== undefined) this.keys.add(key);
      this.unhandled += 1;
      this.hand(message, callback);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.fireError(new Error(`A line was skipped (${oneLine(why)}): ${oneLine(line, 60)}`));
    }
  }

  /** If the callback throws, the message counts as handled. */
  private hand(message: Message, callback: DataCallback): void {
    try {
      callback(message);
    } catch (error) {
      this.handled(message);
      throw error;
    }
  }

  private finish(callback: DataCallback): void {
    if (this.ended) return;
    this.keep(this.decoder.end());
    this.flush(callback);
    this.ended = true;
    if (this.unhandled === 0) this.settleDrained?.();
    this.fireClose();
  }
}

function keyOf(message: Message): string | undefined {
  const id = 'id' in message ? message.id : undefined;
  if (typeof id !== 'string' && typeof id !== 'number') return undefined;
  return `${'method' in message ? 'request' : 'response'} ${id}`;
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export class NdjsonWriter extends AbstractMessageWriter implements MessageWriter {
  private readonly stream: Writable;

  constructor(stream: Writable) {
    super();
    this.stream = stream;
    // The writer gets the error. Without a listener the event would end the program.
    stream.on('error', () => undefined);
    stream.once('close', () => this.fireClose());
  }

  /** Resolves when the line was written to the pipe, so that a full pipe slows down a caller who waits. */
  write(message: Message): Promise<void> {
    return new Promise((resolve, reject) => {
      const line = wellFormedJson({ ...message, jsonrpc: undefined });
      this.stream.write(`${line}\n`, (error) => {
        if (!error) resolve();
        else reject(error);
      });
    });
  }

  /** Does not end the stream: its transport does. */
  end(): void {}
}
