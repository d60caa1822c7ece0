/** The parent's side of a stand-in for an extension host: starts it, sends it requests, kills it and stops it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { within } from '../../src/util/boundedWait.ts';
import { otherPlaceCommand } from '../support/otherPlace.ts';
import { PATIENCE_MS, eventually } from '../support/eventually.ts';
import { type StandInOptions, type StandInRequest, standInAnswer } from './standInProtocol.ts';

const script = path.join(import.meta.dirname, 'standIn.ts');
const hook = path.resolve(import.meta.dirname, '../support/luaHook.mjs');
/** How long a window may take to open, in milliseconds. Several start at once, and a run tests promises, not speed. */
export const OPENING_MS = 3 * PATIENCE_MS;

/** A request to a stand-in, without the number that identifies its answer. */
export type Wish = { [K in StandInRequest['do']]: Omit<Extract<StandInRequest, { do: K }>, 'number'> }[Exclude<
  StandInRequest['do'],
  'close'
>];

export class ChaosWindow {
  readonly exited: Promise<void>;
  /** Whether its town is open. */
  isOpen = false;
  /** Whether it was closed rather than killed. */
  closedInOrder = false;
  /** Its unhandled errors. */
  readonly unhandled: string[] = [];
  private readonly child: ChildProcess;
  private readonly otherPlace: boolean;
  private readonly waiting = new Map<number, (failure: string | undefined) => void>();
  private requests = 0;
  private running = true;

  /** @param env The whole environment. @param logFile A descriptor. @param otherPlace Whether to use another PID namespace. */
  constructor(
    options: StandInOptions,
    { env, logFile, otherPlace }: { env: NodeJS.ProcessEnv; logFile: number; otherPlace: boolean },
  ) {
    const [command, args] = otherPlace
      ? otherPlaceCommand(['--no-warnings', script])
      : [process.execPath, ['--no-warnings', '--import', hook, script]];
    this.otherPlace = otherPlace;
    this.child = spawn(command, args, {
      env: { ...env, CHAOS_STAND_IN: JSON.stringify(options) },
      stdio: ['pipe', 'pipe', logFile],
    });
    this.child.stdin?.on('error', () => undefined);
    if (this.child.stdout) {
      createInterface({ input: this.child.stdout }).on('line', (line) => {
        const answer = standInAnswer.parse(JSON.parse(line));
        if ('ready' in answer) this.isOpen = true;
        else if ('closed' in answer) this.closedInOrder = true;
        else if ('done' in answer) this.answered(answer.done, undefined);
        else if ('failed' in answer) this.answered(answer.failed, answer.reason);
        else if ('unhandled' in answer) this.unhandled.push(answer.unhandled);
      });
    }
    this.exited = this.followExit();
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.running;
  }

  /** Resolves when its town is open or the process has ended. */
  async opened(): Promise<void> {
    await eventually(() => this.isOpen || !this.running, { what: 'An open town', timeout: OPENING_MS });
  }

  /** Resolves with undefined if it was done, otherwise with the error. After an error it may still have been done. */
  async ask(wish: Wish): Promise<string | undefined> {
    const number = this.requests;
    this.requests += 1;
    if (!this.running) return 'The stand-in is gone.';
    const answer = new Promise<string | undefined>((resolve) => this.waiting.set(number, resolve));
    this.child.stdin?.write(`${JSON.stringify({ ...wish, number })}\n`);
    return await within(answer, 30_000, wish.do).catch((error: unknown) => String(error));
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.running) return;
    const inside = this.otherPlace ? childOf(this.pid) : undefined;
    if (inside === undefined) this.child.kill(signal);
    else process.kill(inside, signal);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  /** Closes the town and waits for the process to exit on its own. False if it does not exit in time. */
  async close(): Promise<boolean> {
    if (this.running) this.child.stdin?.write(`${JSON.stringify({ do: 'close' })}\n`);
    try {
      await within(this.exited, PATIENCE_MS, 'The end of the stand-in');
      return true;
    } catch {
      await this.kill();
      return false;
    }
  }

  private async followExit(): Promise<void> {
    await once(this.child, 'exit');
    this.running = false;
    for (const number of this.waiting.keys()) this.answered(number, 'The stand-in is gone.');
  }

  private answered(number: number, failure: string | undefined): void {
    this.waiting.get(number)?.(failure);
    this.waiting.delete(number);
  }
}

/** The process that `unshare` started, by its id on this side. Undefined if it has ended. */
function childOf(pid: number): number | undefined {
  try {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    return child ? Number(child) : undefined;
  } catch {
    return undefined;
  }
}
