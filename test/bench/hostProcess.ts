/**
 * A process in place of an extension host, so that a window's cost can be separated from the cost of measuring it. Started by
 * {@link startHost}. It opens the town of a folder, spawns agents with the given names, and answers on the IPC channel.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import * as z from 'zod/mini';
import type { TownSettings } from '../../src/loop/settings.ts';
import type { ToolBundles } from '../../src/loop/townAccess.ts';
import { within } from '../../src/util/boundedWait.ts';
import type { BenchTown } from './benchTown.ts';

interface HostOptions {
  folder: string;
  storageDir: string;
  settings: TownSettings;
  bundles: ToolBundles;
  /** Names of the agents that it spawns. */
  agents: string[];
}

export const hostOptions = z.object({
  folder: z.string(),
  storageDir: z.string(),
  settings: z.custom<TownSettings>((value) => typeof value === 'object'),
  bundles: z.object({ mcp: z.string(), tt: z.string() }),
  agents: z.array(z.string()),
});

export interface Host {
  /** Processor time since the start of the process, in milliseconds. */
  cpuMs(): Promise<number>;
  /** The size of the heap after a garbage collection, in bytes. Costs processor time. */
  heap(): Promise<number>;
  /** Runs this many turns of every agent, all agents at once. */
  work(turns: number): Promise<number>;
  /** Closes the window and ends the process. */
  close(): Promise<void>;
}

const READY_MS = 180_000;
const ANSWER_MS = 20_000;
/** The time limit for one turn of every agent. */
const TURN_MS = 2_000;

/** Resolves when every agent is idle. */
export async function startHost(town: BenchTown, agents: string[], changes?: Partial<TownSettings>): Promise<Host> {
  const { folder, storage: storageDir, bundles } = town;
  const options: HostOptions = { folder, storageDir, bundles, settings: town.settings(changes), agents };
  const hook = path.resolve(import.meta.dirname, '../support/luaHook.mjs');
  const child = fork(path.join(import.meta.dirname, 'host.ts'), [JSON.stringify(options)], {
    execArgv: ['--expose-gc', '--import', hook],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const message = async (limitMs: number): Promise<unknown> => {
    const gone = exited.then(() => Promise.reject(new Error('The extension-host stand-in ended.')));
    const [said]: unknown[] = await within(Promise.race([once(child, 'message'), gone]), limitMs, 'The stand-in');
    return said;
  };
  const ask = async (question: string, limitMs = ANSWER_MS): Promise<number> => {
    const answer = message(limitMs);
    child.send(question);
    return z.number().parse(await answer);
  };
  await message(READY_MS);
  return {
    cpuMs: () => ask('cpu'),
    heap: () => ask('heap'),
    work: (turns) => ask(`work ${turns}`, turns * TURN_MS),
    async close() {
      child.send('close');
      await within(exited, ANSWER_MS, 'The end of the stand-in').catch(() => child.kill('SIGKILL'));
    },
  };
}
