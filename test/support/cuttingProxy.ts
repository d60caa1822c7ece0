/** A Unix socket in front of Redis that cuts connections: at once, or between a command and its reply. */
import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';
import { rm } from 'node:fs/promises';
import { gate } from './scriptedModel.ts';

export interface CuttingProxy {
  readonly socketPath: string;
  readonly url: string;
  /** How many replies were lost so far. */
  readonly lost: number;
  /** Cuts every connection now. */
  cut(): void;
  /**
   * Drops what the server says next and cuts that connection, `count` times: the command was done, its reply is lost.
   * @param fits Only for commands that look so; by default for any.
   */
  loseReplies(count: number, fits?: (command: string) => boolean): void;
  /** Every connection is dead from now on without a word, as after a sleep of the machine. New ones are dead from birth. */
  silence(): void;
  /** New connections work again; those that were silenced stay dead. */
  speak(): void;
  /** New connections lead to another server, and those that are there are left alone. */
  leadTo(target: string): void;
  /** Holds back what the server says from the next command that looks so, on its connection. */
  holdReplies(fits: (command: string) => boolean): HeldReplies;
  close(): Promise<void>;
}

export interface HeldReplies {
  /** Resolves when such a command was given. */
  readonly given: Promise<void>;
  release(): void;
}

/** @param first The server's socket. @param socketPath The proxy's own. */
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
    // Nobody hears of the end of a link that is half open.
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
