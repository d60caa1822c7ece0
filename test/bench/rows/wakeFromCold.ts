/** How long a message to a cold agent takes to reach the model, compared with a bare start, resume and `turn/start`. */
import type { AgentRecord } from '../../../src/town/records/records.ts';
import { BareClient } from '../bareClient.ts';
import { inTown, now } from '../benchTown.ts';
import { type Row, interleaved, median, milliseconds } from '../measure.ts';
import { agentWhen } from '../../support/testTown.ts';

const SHARE_OF_RAW = 1.15;

export const wakeFromCold: Row = {
  names: ['wake_from_cold_ms'],
  run: ({ quick }) =>
    inTown(async (town) => {
      const session = await town.window();
      const agent = await town.idleAgent(session, 'worker');
      const first = await BareClient.start(town, agent);
      await first.openThread();
      // Only a thread that had a turn is stored.
      const ends = [first.turnEnd(), town.turnEnd(session, agent.id)];
      await first.startTurn('remember this');
      await town.push(agent.id, 'remember this');
      await Promise.all(ends);
      await first.close();

      async function ours(): Promise<number> {
        await town.quiet(session, 'worker');
        await session.actions.closeAgent('worker');
        await agentWhen(session, 'worker', ({ state }, { pid }) => state === 'cold' && pid === undefined, 'cold');
        const { text, asked } = town.token();
        const ended = town.turnEnd(session, agent.id);
        const start = await town.push(agent.id, text);
        const took = (await asked) - start;
        await ended;
        return took;
      }
      async function raw(twin?: AgentRecord): Promise<number> {
        const { text, asked } = town.token();
        const start = now();
        const bare = await BareClient.start(town, twin);
        await bare.openThread(first.threadId);
        const ended = bare.turnEnd();
        await bare.startTurn(text);
        const took = (await asked) - start;
        await ended;
        await bare.close();
        return took;
      }
      const sides = [ours, () => raw(agent), () => raw()];
      const [own = [], bares = [], toolless = []] = await interleaved(sides, { count: quick ? 5 : 20, warmUp: 2 });
      const baseline = median(bares);
      const note =
        `bare start, thread/resume and turn/start with the same tools ${milliseconds(bares)} (p50): ${(median(own) / baseline).toFixed(2)} of it; ` +
        `without the tools ${milliseconds(toolless)}`;
      return [
        {
          name: 'wake_from_cold_ms',
          value: median(own),
          unit: 'ms',
          baseline,
          target: SHARE_OF_RAW * baseline,
          n: own.length,
          better: 'lower',
          note,
        },
      ];
    }),
};
