/** The code that runs in the process of {@link ./hostProcess.ts}. */
import { Confirmations } from '../../src/loop/trust/confirmations.ts';
import { openTownSession } from '../../src/loop/townSession.ts';
import { silentLogger } from '../../src/util/logger.ts';
import { confirmationMemory } from '../support/confirmations.ts';
import { agentWhen } from '../support/testTown.ts';
import { hostOptions } from './hostProcess.ts';

const { agents, ...options } = hostOptions.parse(JSON.parse(process.argv[2] ?? ''));
const confirmations = new Confirmations(options.folder, confirmationMemory());
const session = await openTownSession({ ...options, confirmations, version: '0.0.0-bench', logger: silentLogger });

const answers: Record<string, (count: number) => number | Promise<number>> = {
  cpu() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
  async heap() {
    // Twice, because objects that the first collection frees may have held others.
    for (let turn = 0; turn < 2; turn += 1) await globalThis.gc?.({ execution: 'async', type: 'major' });
    return process.memoryUsage().heapUsed;
  },
  async work(turns) {
    await Promise.all(agents.map((name) => work(name, turns)));
    return turns;
  },
};

async function work(name: string, turns: number): Promise<void> {
  const { id } = await agentWhen(session, name, () => true, 'there');
  for (let turn = 0; turn < turns; turn += 1) {
    const ended = new Promise<void>((resolve) => {
      const listening = session.runner.onRuntimeEvent(({ agentId, event }) => {
        if (agentId !== id || event.type !== 'turnCompleted') return;
        listening.dispose();
        resolve();
      });
    });
    await session.actions.sendMessage(name, 'go on');
    await ended;
  }
  await agentWhen(session, name, ({ state }) => state === 'idle', 'idle');
}

async function answer(question: string): Promise<void> {
  if (question === 'close') {
    await session.close();
    process.exit(0);
  }
  const [what = '', count] = question.split(' ');
  process.send?.(await answers[what]?.(Number(count)));
}
process.on('message', (question) => void answer(String(question)));
// The parent process is gone.
process.once('disconnect', () => process.exit(1));

for (const name of agents) {
  await session.actions.spawnAgent({ name });
  await agentWhen(session, name, ({ state }) => state === 'idle', 'idle');
}
process.send?.('ready');
