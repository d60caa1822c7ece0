/** A minimal client of an app-server: writes a line, reads lines. Our figures are compared with it. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import * as z from 'zod/mini';
import { within } from '../../src/util/boundedWait.ts';
import type { AgentRecord } from '../../src/town/records/records.ts';
import { codexPath } from '../support/codexHome.ts';
import { type BenchTown, now } from './benchTown.ts';

const PATIENCE_MS = 20_000;

interface Line {
  id?: number;
  method?: string;
  params?: { turn?: { id: string } };
  result?: unknown;
  error?: unknown;
}

const opened = z.looseObject({ thread: z.looseObject({ id: z.string() }) });
const started = z.looseObject({ turn: z.looseObject({ id: z.string() }) });

export class BareClient {
  /** The id of the open thread. */
  threadId = '';
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;
  private readonly cwd: string;
  private readonly config: unknown;
  private readonly answers = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  private readonly ends: ((at: number) => void)[] = [];
  private nextId = 0;

  /**
   * Starts an app-server of the same program, with the same home and folder as the town's agents. With `twin`, its threads offer
   * the same tools as that agent's, so that both app-servers do the same work.
   */
  static async start(town: BenchTown, twin?: AgentRecord): Promise<BareClient> {
    const client = new BareClient(town, twin && town.toolsOf(twin));
    const clientInfo = { name: 'bare', title: 'Bare client', version: '0.0.0' };
    await client.request('initialize', { clientInfo, capabilities: { experimentalApi: true } });
    client.write({ method: 'initialized' });
    return client;
  }

  private constructor(town: BenchTown, tools: ReturnType<BenchTown['toolsOf']> | undefined) {
    this.cwd = town.folder;
    this.config = tools?.config ?? {};
    this.child = spawn(codexPath, ['app-server'], {
      cwd: town.folder,
      env: tools?.env ?? town.env,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const decoder = new StringDecoder('utf8');
    let rest = '';
    this.child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.take(line);
    });
  }

  async openThread(resume?: string): Promise<void> {
    const { cwd, config } = this;
    const options = { cwd, config, approvalPolicy: 'on-request', sandbox: 'danger-full-access' };
    const answer = resume
      ? await this.request('thread/resume', { ...options, threadId: resume, excludeTurns: true })
      : await this.request('thread/start', options);
    this.threadId = opened.parse(answer).thread.id;
  }

  /** Resolves with the turn's id. */
  async startTurn(text: string): Promise<string> {
    const answer = await this.request('turn/start', { threadId: this.threadId, ...input(text) });
    return started.parse(answer).turn.id;
  }

  async steer(expectedTurnId: string, text: string): Promise<void> {
    await this.request('turn/steer', { threadId: this.threadId, expectedTurnId, ...input(text) });
  }

  /** Resolves with the time at which the next turn completes. */
  turnEnd(): Promise<number> {
    const ended = new Promise<number>((resolve) => this.ends.push(resolve));
    return within(ended, PATIENCE_MS, 'The end of the bare turn');
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.stdin.end();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 2_000);
    await exited;
    clearTimeout(timer);
  }

  private request(method: string, params: unknown): Promise<unknown> {
    const id = this.nextId++;
    const answer = new Promise<unknown>((resolve, reject) => this.answers.set(id, { resolve, reject }));
    this.write({ id, method, params });
    return within(answer, PATIENCE_MS, method);
  }

  private write(message: unknown): void {
    this.child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  private take(line: string): void {
    // Nothing else is decoded: that is what makes the client bare.
    const message: Line = JSON.parse(line);
    if (message.method === 'turn/completed') this.ends.shift()?.(now());
    if (message.method !== undefined || message.id === undefined) return;
    const waiting = this.answers.get(message.id);
    this.answers.delete(message.id);
    if (message.error) waiting?.reject(new Error(`The app-server refused: ${JSON.stringify(message.error)}`));
    else waiting?.resolve(message.result);
  }
}

function input(text: string) {
  return { input: [{ type: 'text', text, text_elements: [] }] };
}
