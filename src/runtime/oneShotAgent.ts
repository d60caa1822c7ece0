/**
 * An agent without a session: a process for each turn. It gets the prompt on stdin or in a file. Its output becomes the same
 * events as a session's, and its exit decides how the turn ended. It cannot be steered and has no history.
 */
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { NdjsonReader } from '../codex/ndjson.ts';
import { describeError, TinytownError } from '../util/errors.ts';
import { Emitter, type Event } from '../util/event.ts';
import type { Logger } from '../util/logger.ts';
import { type ExitValue, type ManagedProcess, spawnManaged } from '../process/processes.ts';
import type { ProcessRegistry } from '../process/processRegistry.ts';
import { descendantsOf } from '../process/processTable.ts';
import { findProgram } from '../process/programs.ts';
import { say } from '../util/sentence.ts';
import { oneLine } from '../util/text.ts';
import type { RequestAnswer } from './agentRequest.ts';
import { requestGone } from './asking.ts';
import type { CliCommand } from './clis.ts';
import type {
  CodingAgent,
  InputFate,
  InterruptResult,
  RuntimeErrorReason,
  RuntimeEvent,
  SteerResult,
  TurnInput,
  TurnOutcome,
} from './codingAgent.ts';
import { escapedFrom } from './escaped.ts';
import { type ExecReading, readExecEvent, TextAnswer } from './execOutput.ts';

export interface OneShotAgentOptions {
  cli: CliCommand;
  cwd: string;
  /** The whole environment of the process, except for the CLI's own additions. */
  env: Readonly<Record<string, string | undefined>>;
  /** A folder to put at the front of its PATH. */
  searchFirst?: string | undefined;
  logger: Logger;
  registry: ProcessRegistry;
}

interface RunningTurn {
  id: string;
  process: ManagedProcess;
  interrupted: boolean;
  /** The reason that the program gave for its failure. */
  failure: ExecReading['failure'];
  /** Resolves when the turn's last event was fired. */
  over: Promise<void>;
}

/** How long a dead process's pipe may stay open before its rest is dropped, in milliseconds. */
const drainLimitMs = 2_000;

export class OneShotAgent implements CodingAgent {
  readonly mode = 'one-shot';
  readonly onEvent: Event<RuntimeEvent>;
  private readonly options: OneShotAgentOptions;
  private readonly emitter: Emitter<RuntimeEvent>;
  private state: 'new' | 'ready' | 'stopped' = 'new';
  private starting: Promise<{ threadId: null }> | undefined;
  private stopping: Promise<void> | undefined;
  private turn: RunningTurn | 'starting' | undefined;

  constructor(options: OneShotAgentOptions) {
    this.options = options;
    this.emitter = new Emitter((error) => options.logger.error(`A listener failed: ${describeError(error)}`));
    this.onEvent = this.emitter.event;
  }

  get pid(): number | undefined {
    return typeof this.turn === 'object' ? this.turn.process.pid : undefined;
  }

  /** Looks up the program. Nothing runs before the first turn. */
  start(_threadId: string | null): Promise<{ threadId: null }> {
    this.starting ??= this.startOnce().catch((error: unknown) => {
      this.starting = undefined;
      throw error;
    });
    return this.starting;
  }

  async startTurn(input: TurnInput): Promise<{ turnId: string }> {
    if (this.state !== 'ready') throw failure('notRunning', 'The agent is not running.');
    if (this.turn) throw failure('turnActive', 'A turn is running.');
    this.turn = 'starting';
    let promptFile: string | undefined;
    try {
      const id = randomUUID();
      if (this.options.cli.prompt === 'file') promptFile = await writePrompt(id, input.text);
      const process = await this.spawn(promptFile);
      const turn: RunningTurn = { id, process, interrupted: false, failure: undefined, over: Promise.resolve() };
      this.turn = turn;
      this.emitter.fire({ type: 'turnStarted', turnId: id, adopted: false });
      turn.over = this.follow(turn, input, promptFile);
      return { turnId: id };
    } catch (error) {
      this.turn = undefined;
      if (promptFile !== undefined) await rm(promptFile, { force: true });
      throw error;
    }
  }

  steer(_input: TurnInput): Promise<SteerResult> {
    return Promise.resolve({ accepted: false, reason: this.turn ? 'notSteerable' : 'noActiveTurn' });
  }

  /** Each turn is a conversation of its own. */
  compact(): Promise<'failed'> {
    return Promise.resolve('failed');
  }

  async interrupt(): Promise<InterruptResult> {
    if (typeof this.turn !== 'object') return { stopped: false, reason: 'noActiveTurn' };
    const { turn } = this;
    turn.interrupted = true;
    const before = await descendantsOf(turn.process.pid);
    await turn.process.stop();
    await turn.over;
    return { stopped: true, survivors: await escapedFrom(before, undefined) };
  }

  /** The process has no way to ask, so there is nothing to answer. */
  answer(_requestId: string, _answer: RequestAnswer): Promise<void> {
    return Promise.reject(requestGone());
  }

  /** Without a history, nobody can know whether an input was seen. */
  findInputs(clientIds: readonly string[]): Promise<Map<string, InputFate>> {
    return Promise.resolve(new Map(clientIds.map((clientId) => [clientId, { found: false, complete: false }])));
  }

  stop(): Promise<void> {
    this.stopping ??= this.stopOnce();
    return this.stopping;
  }

  private async startOnce(): Promise<{ threadId: null }> {
    await this.locate();
    if (this.stopping) throw failure('notRunning', 'The agent was stopped.');
    this.state = 'ready';
    const unknown = { threadId: null, model: null, reasoningEffort: null, version: null };
    this.emitter.fire({ type: 'sessionReady', ...unknown, resumed: false });
    return { threadId: null };
  }

  private async stopOnce(): Promise<void> {
    await this.starting?.catch(() => undefined);
    const wasReady = this.state === 'ready';
    this.state = 'stopped';
    const turn = typeof this.turn === 'object' ? this.turn : undefined;
    const exit = await turn?.process.stop();
    await turn?.over;
    if (!wasReady) return;
    const { code, signal } = exit ?? { code: null, signal: null };
    const stderrTail = turn?.process.stderrTail() ?? '';
    this.emitter.fire({ type: 'exited', reason: 'stopped', code, signal, stderrTail });
  }

  private async locate(): Promise<{ file: string; searchPath: string }> {
    const { cli, env } = this.options;
    const search = await findProgram(cli.program, { ...env, ...cli.env });
    if (search.ok) return search.program;
    const problem =
      search.reason === 'notFound'
        ? say('{0} was not found.', search.file)
        : say('{0} is not an executable file.', search.file);
    const hint = say('Install {0}, or set its command in "tinytown.agentClis".', cli.name);
    throw new TinytownError('programUnusable', problem, { hint });
  }

  private async spawn(promptFile: string | undefined): Promise<ManagedProcess> {
    const { cli, cwd, env, searchFirst, registry } = this.options;
    const { file, searchPath } = await this.locate();
    const args = promptFile === undefined ? cli.args : [...cli.args, promptFile];
    const process = await spawnManaged(file, args, {
      cwd,
      env: {
        ...env,
        ...cli.env,
        PATH: searchFirst === undefined ? searchPath : searchFirst + path.delimiter + searchPath,
      },
      registry,
      purpose: `one-shot ${cli.name}`,
    });
    if (this.state === 'ready') return process;
    await process.stop({ graceMs: 0 });
    throw failure('notRunning', 'The agent was stopped.');
  }

  /** Lives as long as the turn. Never rejects. */
  private async follow(turn: RunningTurn, input: TurnInput, promptFile: string | undefined): Promise<void> {
    const { process } = turn;
    const printed = this.options.cli.output === 'codexJson' ? this.readJson(turn) : this.readText(turn);
    process.stdin.end(promptFile === undefined ? input.text : undefined);
    // The prompt is delivered only when the program has read all of it.
    const delivered = finished(process.stdin).then(
      () => this.reportDelivery(turn, input),
      (error: unknown) => this.options.logger.warn(`The prompt was not read: ${describeError(error)}`),
    );
    const exit = await process.exited;
    await Promise.race([Promise.all([printed.ended, delivered]), after(drainLimitMs)]);
    printed.close();
    if (promptFile !== undefined) await rm(promptFile, { force: true });
    this.turn = undefined;
    if (this.state !== 'ready') return;
    this.emitter.fire({ type: 'turnCompleted', turnId: turn.id, outcome: outcomeOf(turn, exit) });
  }

  private reportDelivery(turn: RunningTurn, { text, clientId }: TurnInput): void {
    const item = { id: clientId, status: 'completed', kind: 'userMessage', text, clientId } as const;
    this.emitter.fire({ type: 'itemCompleted', turnId: turn.id, item });
    this.emitter.fire({ type: 'inputDelivered', turnId: turn.id, clientId });
  }

  private readJson(turn: RunningTurn): { ended: Promise<void>; close(): void } {
    const { cwd, logger } = this.options;
    const reader = new NdjsonReader(turn.process.stdout);
    reader.onError((error) => logger.debug(error.message));
    const listening = reader.listen((message) => {
      reader.handled(message);
      const { events, failure: why } = readExecEvent(turn.id, cwd, message);
      turn.failure = why ?? turn.failure;
      for (const event of events) {
        if (event.type === 'itemStarted' && event.item.kind === 'command') turn.process.startsCommand();
        this.emitter.fire(event);
      }
    });
    return { ended: reader.drained, close: () => listening.dispose() };
  }

  private readText(turn: RunningTurn): { ended: Promise<void>; close(): void } {
    const answer = new TextAnswer(turn.id);
    const { stdout } = turn.process;
    const fireAll = (events: RuntimeEvent[]): void => events.forEach((event) => this.emitter.fire(event));
    const onData = (chunk: Buffer): void => fireAll(answer.take(chunk));
    stdout.on('data', onData);
    const close = (): void => {
      stdout.off('data', onData).resume();
      fireAll(answer.end());
    };
    return { ended: finished(stdout).catch(() => undefined), close };
  }
}

function outcomeOf(turn: RunningTurn, { code, signal }: ExitValue): TurnOutcome {
  if (turn.interrupted) return { status: 'interrupted' };
  if (turn.failure) return turn.failure;
  if (code === 0) return { status: 'completed' };
  const said = oneLine(turn.process.stderrTail().trim().split('\n').at(-1) ?? '', 300);
  const ended = signal ? `It was ended by ${signal}.` : `It ended with code ${code}.`;
  return { status: 'failed', message: said ? `${ended} ${said}` : ended, trouble: 'retry' };
}

async function writePrompt(id: string, text: string): Promise<string> {
  const file = path.join(os.tmpdir(), `tinytown-prompt-${id}.md`);
  await writeFile(file, text, { mode: 0o600, flag: 'wx' });
  return file;
}

function failure(reason: RuntimeErrorReason, message: string, hint?: string): TinytownError<RuntimeErrorReason> {
  return new TinytownError(reason, message, hint === undefined ? {} : { hint });
}

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}
