/** What a live session saves over a fresh `codex exec` per turn, compared with what a bare client saves. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { codexPath } from '../../support/codexHome.ts';
import { BareClient } from '../bareClient.ts';
import { inTown, now } from '../benchTown.ts';
import { type Row, interleaved, median, milliseconds } from '../measure.ts';

/** The smallest acceptable share of the bare client's saving. */
const SHARE_OF_BARE = 0.9;

export const coldExec: Row = {
  names: ['cold_exec_vs_persistent'],
  run: ({ quick }) =>
    inTown(async (town) => {
      const session = await town.window();
      const agent = await town.idleAgent(session, 'worker');
      const bare = await BareClient.start(town, agent);
      town.atEnd(() => bare.close());
      await bare.openThread();

      async function ours(): Promise<number> {
        const ended = town.turnEnd(session, agent.id);
        const start = await town.push(agent.id, town.token().text);
        const took = (await ended) - start;
        await town.quiet(session, 'worker');
        return took;
      }
      async function raw(): Promise<number> {
        const ended = bare.turnEnd();
        const start = now();
        await bare.startTurn(town.token().text);
        const took = (await ended) - start;
        await town.quiet(session, 'worker');
        return took;
      }
      async function cold(): Promise<number> {
        const start = now();
        const args = ['exec', '--json', '--skip-git-repo-check', '--sandbox', 'danger-full-access', '-'];
        const child = spawn(codexPath, args, { cwd: town.folder, env: town.env, stdio: ['pipe', 'ignore', 'ignore'] });
        child.stdin.end(town.token().text);
        const [code]: unknown[] = await once(child, 'exit');
        if (code !== 0) throw new Error(`codex exec ended with ${String(code)}`);
        return now() - start;
      }
      const sides = [ours, raw, cold];
      const [own = [], bares = [], colds = []] = await interleaved(sides, { count: quick ? 8 : 30 });
      const value = median(colds) / median(own);
      const baseline = median(colds) / median(bares);
      const note =
        `codex exec ${milliseconds(colds)}, ours ${milliseconds(own)}, bare ${milliseconds(bares)}, message to completion (p50); ` +
        `${(value / baseline).toFixed(2)} of the bare client's ratio (at least ${SHARE_OF_BARE} wanted)`;
      return [
        {
          name: 'cold_exec_vs_persistent',
          value,
          unit: '×',
          baseline,
          target: 3,
          n: own.length,
          better: 'higher',
          alsoHolds: value >= SHARE_OF_BARE * baseline,
          note,
        },
      ];
    }),
};
