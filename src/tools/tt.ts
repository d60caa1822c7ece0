/**
 * The town's operations as a command, `tt`, for agents that run as a process per turn. Exit codes: 0 done, 1 refused or
 * impossible, 2 not understood. Results go to standard output, errors to standard error.
 */
import { SUPERVISOR_ID } from '../town/keys.ts';
import { TinytownError, describeError } from '../util/errors.ts';
import { type Logger, silentLogger } from '../util/logger.ts';
import { stripControls } from '../util/text.ts';
import { catalogue } from './catalogue.ts';
import { type Reading, readCommandLine } from './commandLine.ts';
import type { ToolContext } from './operation.ts';
import { findAddressee } from './people.ts';
import { version } from './version.ts';

async function main(words: readonly string[]): Promise<number> {
  const reading = readCommandLine(words);
  switch (reading.do) {
    case 'help':
      process.stdout.write(`${reading.text}\n`);
      return 0;
    case 'version':
      process.stdout.write(`tt ${version} (Tinytown for VS Code)\n`);
      return 0;
    case 'refuse':
      process.stderr.write(`${stripControls(reading.text)}\n`);
      return 2;
    case 'run':
      return await run(reading);
  }
}

async function run({ operation, arguments: args, folder, from, verbose }: Reading & { do: 'run' }): Promise<number> {
  // Loaded only here, because help needs no Redis.
  const { ToolConnection } = await import('./toolConnection.ts');
  const door = new ToolConnection({
    env: process.env,
    folder,
    logger: verbose ? standardError : silentLogger,
  });
  try {
    const known = catalogue.find(({ name }) => name === operation);
    const text = await known?.run(await inTheNameOf(await door.open(), from), args);
    process.stdout.write(`${text}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${stripControls(describeError(error))}\n`);
    return error instanceof TinytownError && error.reason === 'badArguments' ? 2 : 1;
  } finally {
    door.close();
  }
}

/** A person may write in an agent's name, as with Tinytown's own `tt`. An agent may write only in its own. */
async function inTheNameOf(context: ToolContext, from: string | undefined): Promise<ToolContext> {
  if (from === undefined) return context;
  const self = await findAddressee(context.town, from);
  if (context.self.id === SUPERVISOR_ID || self.id === context.self.id) return { ...context, self };
  throw new TinytownError('notYours', `You are ${context.self.name}. You can send messages only as yourself.`, {
    hint: 'Leave --from out.',
  });
}

const write = (line: string): void => void process.stderr.write(`${line}\n`);
const standardError: Logger = { trace() {}, debug: write, info: write, warn: write, error: write };

async function start(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2));
}

void start();
