/**
 * One live connection to an app-server: typed requests with bounded waits, and an answer to everything that it asks.
 * It knows nothing about threads and turns. It ends with its transport and cannot be reused.
 */
import { setTimeout as pause } from 'node:timers/promises';
import {
  createMessageConnection,
  ErrorCodes,
  Message,
  type MessageConnection,
  NullLogger,
  ParameterStructures,
  ResponseError,
} from 'vscode-jsonrpc/node';
import { Backoff } from '../util/backoff.ts';
import { TimeoutError, within } from '../util/boundedWait.ts';
import type { Logger } from '../util/logger.ts';
import { say } from '../util/sentence.ts';
import { oneLine } from '../util/text.ts';
import { CodexError, toCodexError } from './errors.ts';
import { type ClientMethod, initialize, initialized } from './methods.ts';
import { isServerRequest, readRequest, type ServerRequestHandlers } from './serverRequests.ts';
import type { Transport, TransportEnd } from './transport.ts';
import { isCommandStart } from './wire.ts';

export interface ConnectionOptions {
  logger: Logger;
  handlers: ServerRequestHandlers;
  /** Called in the order of arrival. Must not wait for anything. */
  onNotification(method: string, params: unknown): void;
}

export class CodexConnection {
  /** Resolves when the app-server is gone and its last messages were handled. Pending requests have been rejected by then. */
  readonly closed: Promise<TransportEnd>;
  private readonly transport: Transport;
  private readonly rpc: MessageConnection;
  private readonly options: ConnectionOptions;
  /** The id of the message being handled. The library calls the handler at once but does not pass it the id. */
  private requestId: number | string | null = null;

  constructor(transport: Transport, options: ConnectionOptions) {
    this.transport = transport;
    this.options = options;
    const { logger } = options;
    const log = (line: string): void => logger.warn(`app-server #${transport.generation}: ${oneLine(line, 300)}`);
    this.rpc = createMessageConnection(
      transport.reader,
      transport.writer,
      { ...NullLogger, error: log, warn: log },
      {
        messageStrategy: {
          handleMessage: (message: Message, next: (message: Message) => void) => {
            transport.reader.handled(message);
            this.requestId = Message.isRequest(message) ? message.id : null;
            // Returns a promise, which the library uses to log failures.
            return next(message);
          },
        },
      },
    );
    this.rpc.onError(([error]) => log(error.message));
    this.rpc.onNotification((method, params) => {
      if (isCommandStart(method, params)) transport.startsCommand();
      options.onNotification(method, params);
    });
    this.rpc.onRequest((method, params) => this.answer(method, params));
    this.rpc.listen();
    this.closed = transport.closed.then((end) => {
      // Nothing else rejects the pending requests.
      this.rpc.dispose();
      return end;
    });
  }

  get pid(): number | undefined {
    return this.transport.pid;
  }

  /**
   * Sends a request and resolves with its decoded result. If the server is overloaded, the request is repeated with growing
   * pauses, because the server has not acted on it.
   * @param limitMs How long one reply may take.
   * @throws CodexError `unresponsive` if the reply took longer: whether the server acted on the request is unknown.
   */
  async request<P, R>(method: ClientMethod<P, R>, params: P, limitMs: number): Promise<R> {
    const backoff = new Backoff({ firstMs: 200, maxMs: 3_000, attempts: 5 });
    for (;;) {
      try {
        return await this.requestOnce(method, params, limitMs);
      } catch (error) {
        const wait = error instanceof CodexError && error.reason === 'overloaded' ? backoff.next() : undefined;
        if (wait === undefined) throw error;
        this.options.logger.info(`Codex is overloaded. Retrying ${method.name} in ${wait} ms.`);
        await pause(wait);
      }
    }
  }

  /** The handshake. Call it once, before anything else. Resolves with the server's version; null if it does not say. */
  async initialize(client: { name: string; title: string; version: string }, limitMs: number): Promise<string | null> {
    // Experimental, only for `thread/backgroundTerminals/clean`.
    const capabilities = { experimentalApi: true, requestAttestation: false };
    const { userAgent } = await this.request(initialize, { clientInfo: client, capabilities }, limitMs);
    await this.rpc.sendNotification(initialized).catch((error: unknown) => {
      throw toCodexError(initialized, error);
    });
    return /^[^/]+\/(\S+)/.exec(userAgent)?.[1] ?? null;
  }

  /** Ends the app-server: gently for `graceMs`, then forcibly. 0 kills it at once. Resolves as `closed` does. */
  async close(graceMs?: number): Promise<TransportEnd> {
    await this.transport.close(graceMs);
    return await this.closed;
  }

  private async requestOnce<P, R>(method: ClientMethod<P, R>, params: P, limitMs: number): Promise<R> {
    let raw: unknown;
    try {
      const answer: Promise<unknown> =
        params === undefined
          ? this.rpc.sendRequest(method.name)
          : this.rpc.sendRequest(method.name, ParameterStructures.byName, params);
      raw = await within(answer, limitMs, method.name);
    } catch (error) {
      if (error instanceof TimeoutError) {
        throw new CodexError('unresponsive', say('Codex did not respond to {0}.', method.name), { cause: error });
      }
      throw toCodexError(method.name, error);
    }
    const result = method.result.safeParse(raw);
    if (result.success) return result.data;
    throw new CodexError('refused', say('Codex sent an unexpected reply to {0}.', method.name), {
      cause: result.error,
    });
  }

  private async answer(method: string, params: unknown): Promise<unknown> {
    if (!isServerRequest(method)) {
      this.options.logger.warn(`Codex sent the unknown request ${oneLine(method)}. It was refused.`);
      return new ResponseError(ErrorCodes.MethodNotFound, `Unhandled method ${method}`);
    }
    return await this.options.handlers[method](readRequest(this.requestId, method, params));
  }
}
