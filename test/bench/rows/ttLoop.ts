/** How much sooner a message reaches the model than with the loop of the real `tt`, which runs `codex exec` each round. */
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AgentStore } from '../../../src/town/stores/agents.ts';
import { SUPERVISOR_ID, TownKeys } from '../../../src/town/keys.ts';
import { encodeMessage, newMessage } from '../../../src/town/records/messages.ts';
import { openRedis } from '../../../src/town/redis/connect.ts';
import { silentLogger } from '../../../src/util/logger.ts';
import { startChild, stopChild } from '../../support/children.ts';
import { codexPath } from '../../support/codexHome.ts';
import { eventually } from '../../support/eventually.ts';
import { testAgent } from '../../support/redisTown.ts';
import { tempDir } from '../../support/tempDir.ts';
import { type BenchTown, inTown, now } from '../benchTown.ts';
import { type Row, interleaved, median, milliseconds } from '../measure.ts';

/** After a round, `tt` sleeps for a second, then looks every five seconds (`idle_poll_interval` of 0.10.0). */
const LOOP_SLEEP_MS = 1_000;
const LOOP_POLL_MS = 5_000;

export const ttLoop: Row = {
  names: ['tt_loop_vs_ours'],
  async run({ quick, tt }, skip) {
    if (tt === undefined) {
      skip('left out: no TT_BIN is given');
      return [];
    }
    return inTown(async (town) => {
      const session = await town.window();
      const agent = await town.idleAgent(session, 'worker');
      const rival = await startTtAgent(town, tt);

      async function ours(): Promise<number> {
        const { text, asked } = town.token();
        const ended = town.turnEnd(session, agent.id);
        const start = await town.push(agent.id, text);
        const took = (await asked) - start;
        await ended;
        await town.quiet(session, 'worker');
        return took;
      }
      const count = quick ? 5 : 12;
      let round = 0;
      async function theirs(): Promise<number> {
        // A message can come at any moment between two looks. These moments are spread evenly.
        await rival.polling((((round * 7) % count) + 0.5) / count);
        round += 1;
        const { text, asked } = town.token();
        const start = now();
        await rival.push(text);
        return (await asked) - start;
      }
      const [own = [], loop = []] = await interleaved([ours, theirs], { count, warmUp: 1 });
      const note = `message to model request: tt ${milliseconds(loop)}, ours ${milliseconds(own)} (p50)`;
      const value = median(loop) / median(own);
      const n = own.length;
      return [{ name: 'tt_loop_vs_ours', value, unit: '×', baseline: 1, target: 3, n, better: 'higher', note }];
    });
  },
};

/** With the CLI as `tt init` writes it. */
const townFile = `name = "bench-tt"
default_cli = "codex"

[agent_clis.codex]
name = "codex"
command = "codex exec --dangerously-bypass-approvals-and-sandbox"
`;

interface Rival {
  push(text: string): Promise<void>;
  /** Resolves when its last round is over, at the point between two looks that `phase` (0 to 1) gives. */
  polling(phase: number): Promise<void>;
}

/** An agent in its own town on the same Redis, with the same model, run by `tt agent-loop` like `tt spawn` does. */
async function startTtAgent(town: BenchTown, tt: string): Promise<Rival> {
  const folder = await tempDir('bench-tt');
  town.atEnd(() => folder.remove());
  await mkdir(path.join(folder.path, '.tt', 'logs'), { recursive: true });
  await writeFile(path.join(folder.path, 'tinytown.toml'), townFile);
  const keys = new TownKeys('bench-tt');
  const redis = await openRedis({ kind: 'url', source: 'setting', url: town.redis.url }, silentLogger);
  town.atEnd(async () => redis.close());
  const agents = new AgentStore(redis, keys);
  const { runtimeHost: _ours, ...record } = testAgent('rival', { id: randomUUID(), cli: 'codex' });
  await agents.create(record);
  const env = {
    ...town.env,
    PATH: `${path.dirname(codexPath)}${path.delimiter}${process.env['PATH']}`,
    REDIS_URL: town.redis.url,
  };
  const args = ['--town', folder.path, 'agent-loop', record.name, record.id, '100000'];
  const child = startChild(tt, args, { cwd: folder.path, env, log: path.join(town.storage, 'tt.log') });
  town.atEnd(() => stopChild(child));
  let rounds = 0;
  const isOver = async (): Promise<boolean> => {
    const now = await agents.get(record.id);
    return now?.state === 'idle' && now.roundsCompleted === rounds;
  };
  return {
    async push(text) {
      rounds += 1;
      const message = newMessage({ type: 'task', description: text, from: SUPERVISOR_ID, to: record.id });
      await town.client.rpush(keys.inbox(record.id), encodeMessage(message));
    },
    async polling(phase) {
      await eventually(isOver, { timeout: 20_000, what: "The end of tt's round" });
      await pause(LOOP_SLEEP_MS + LOOP_POLL_MS * phase);
    },
  };
}
