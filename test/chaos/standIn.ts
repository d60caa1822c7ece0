/**
 * Stands in for an extension host: the same core without an editor, in its own process that can be killed and stopped.
 * Reads options from the environment and people's actions from standard input, one JSON text per line. Writes its log to
 * standard error and the result of each action to standard output. Shuts down when told to, or when its input ends.
 */
import { createInterface } from 'node:readline';
import type { TownSettings } from '../../src/loop/settings.ts';
import { Confirmations } from '../../src/loop/trust/confirmations.ts';
import { type TownSession, openTownSession } from '../../src/loop/townSession.ts';
import { describeError } from '../../src/util/errors.ts';
import type { Logger } from '../../src/util/logger.ts';
import { confirmationMemory } from '../support/confirmations.ts';
import { eventually } from '../support/eventually.ts';
import { jumpClock } from '../support/wallClock.ts';
import { standInOptions, standInRequest, type StandInRequest } from './standInProtocol.ts';

function say(message: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function logger(name: string): Logger {
  const write =
    (level: string) =>
    (message: string): void => {
      process.stderr.write(`${new Date().toISOString().slice(14)} ${name} ${level} ${message}\n`);
    };
  return { trace() {}, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

async function perform(
  { actions, codex }: TownSession,
  request: Exclude<StandInRequest, { do: 'close' }>,
): Promise<void> {
  switch (request.do) {
    case 'spawn':
      await actions.spawnAgent({ name: request.agent, cli: request.cli });
      if (request.persistent === false) await actions.setPersistent(request.agent, false);
      return;
    case 'send':
      await actions.sendMessage(request.agent, request.text, { urgent: request.urgent, kind: request.kind });
      return;
    case 'assign':
      await actions.assignTask(request.agent, request.text);
      return;
    case 'interrupt':
      await actions.interrupt(request.agent);
      return;
    case 'pause':
      return actions.pauseAgent(request.agent);
    case 'resume':
      return actions.resumeAgent(request.agent);
    case 'restart':
      return actions.restartAgent(request.agent);
    case 'runAgain':
      return actions.leftovers.runAgain(request.agent);
    case 'toggle':
      await actions.setPersistent(request.agent, 'toggle');
      return;
    case 'takeOver':
      return actions.takeOver(request.agent);
    case 'jumpClock':
      return jumpClock(request.byMs);
    case 'askCodex':
      await codex.account();
      return;
  }
}

const options = standInOptions.parse(JSON.parse(process.env['CHAOS_STAND_IN'] ?? ''));
const log = logger(options.name);
process.on('unhandledRejection', (error) => {
  log.error(`UNHANDLED ${describeError(error)}`);
  say({ unhandled: describeError(error) });
});
const settings: TownSettings = {
  redisUrl: options.redisUrl,
  redisPassword: undefined,
  redisServerPath: '',
  codexPath: options.codexPath,
  codexEnv: options.codexEnv,
  agentClis: options.agentClis,
  model: undefined,
  reasoningEffort: undefined,
  approvalPolicy: 'never',
  sandbox: 'danger-full-access',
  persistent: true,
  cli: 'codex',
  idleTimeoutSeconds: 0,
  maxRounds: 0,
  // Turns are cut off all the time. That must not make the loop give up a message.
  maxAttempts: 1_000,
  maxAgents: undefined,
  workspace: {},
};

/** The person at this window has allowed the agents' programs. */
const confirmations = new Confirmations(options.folder, confirmationMemory());
for (const [cli, { command }] of Object.entries(options.agentClis)) {
  await confirmations.confirm({ kind: 'program', cli, command, env: {} });
}

/** Undefined if Redis is away right now. */
async function openTown(): Promise<TownSession | undefined> {
  const { folder, storageDir, bundles, times } = options;
  try {
    const common = { folder, storageDir, settings, confirmations, bundles, times };
    return await openTownSession({ ...common, version: '0.0.0-chaos', logger: log });
  } catch (error) {
    log.warn(`The town did not open: ${describeError(error)}`);
    return undefined;
  }
}

// Retries like an editor does.
const open = await eventually(openTown, { timeout: Number.POSITIVE_INFINITY, interval: 200 });
let closing: Promise<void> | undefined;

function close(): void {
  closing ??= closeOnce();
}

async function closeOnce(): Promise<void> {
  await open.close();
  say({ closed: true });
  // The process must exit on its own. Anything that keeps it alive is a leak.
  process.stdin.destroy();
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const request = standInRequest.parse(JSON.parse(line));
    if (request.do === 'close') return close();
    perform(open, request).then(
      () => say({ done: request.number }),
      (error: unknown) => say({ failed: request.number, reason: describeError(error) }),
    );
  })
  .on('close', close);
say({ ready: true });
