/** A Unix socket in front of Redis that cuts connections: at once, or between a command and its reply. */
import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';
import { rm } from 'node:fs/promises';
import { gate } from './scriptedModel.ts';

export interface CuttingProxy {
  readonly socketPath: string;
  readonly url: string;
  /** How many replies have been lost. */
  readonly lost: number;
  /** Cuts every connection now. */
  cut(): void;
  /**
   * Drops the server's next reply and cuts that connection, `count` times. The command was executed, but its reply is lost.
   * @param fits Only for commands that fit; by default for any.
   */
  loseReplies(count: number, fits?: (command: string) => boolean): void;
  /** Makes every connection half-open, as after a sleep of the machine. New ones are half-open from the start. */
  silence(): void;
  /** New connections work again. Silenced ones stay dead. */
  speak(): void;
  /** New connections lead to another server. Existing ones are left alone. */
  leadTo(target: string): void;
  /** Holds back the server's replies on a connection, from the first command that fits. */
  holdReplies(fits: (command: string) => boolean): HeldReplies;
  close(): Promise<void>;
}

export interface HeldReplies {
  /** Resolves when such a command was sent. */
  readonly given: Promise<void>;
  release(): void;
}

/** @param first The server's socket. @param socketPath The proxy's own socket. */
export async function startCuttingProxy(first: string, socketPath: string): Promise<CuttingProxy> {
  const pairs = new Set<{ end(): void; silence(): void }>();
  let silent = false;
  let target = first;
  let toLose = 0;
  let lost = 0;
  let fits = any;
  let hold: { fits: (command: string) => boolean; given: () => void; released: Promise<void> } | undefined;

  const server = createServer((client: Socket) => {
    const upstream = connect(target);
    let dead = silent;
    const pair = {
      silence(): void {
        dead = true;
      },
      end(): void {
        pairs.delete(pair);
        client.destroy();
        upstream.destroy();
      },
    };
    pairs.add(pair);
    let loses = false;
    let held: Promise<void> | undefined;
    client.on('data', (chunk: Buffer) => {
      if (dead) return;
      if (hold?.fits(chunk.toString('latin1'))) {
        const { released, given } = hold;
        held = released.then(() => (held = undefined));
        hold = undefined;
        given();
      }
      if (toLose > 0 && !loses && fits(chunk.toString('latin1'))) {
        loses = true;
        toLose -= 1;
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk: Buffer) => {
      if (dead) return;
      if (loses) {
        lost += 1;
        pair.end();
      } else if (held) void held.then(() => client.write(chunk));
      else client.write(chunk);
    });
    client.on('error', () => pair.end()).on('close', () => pair.end());
    // On a half-open connection, nobody notices its end.
    for (const event of ['error', 'close']) upstream.on(event, () => (dead ? undefined : pair.end()));
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return {
    socketPath,
    url: `unix://${socketPath}`,
    get lost() {
      return lost;
    },
    cut() {
      for (const pair of pairs) pair.end();
    },
    silence() {
      silent = true;
      for (const pair of pairs) pair.silence();
    },
    speak() {
      silent = false;
    },
    leadTo(other) {
      target = other;
    },
    loseReplies(count, which = any) {
      toLose = count;
      fits = which;
    },
    holdReplies(which) {
      const [given, released] = [gate(), gate()];
      hold = { fits: which, given: () => given.open(), released: released.opened };
      return { given: given.opened, release: () => released.open() };
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const pair of pairs) pair.end();
      await closed;
      await rm(socketPath, { force: true });
    },
  };
}

function any(_command: string): boolean {
  return true;
}
