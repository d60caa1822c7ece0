/** How much longer a message in the inbox takes to reach the model than a bare client's `turn/start`. */
import { BareClient } from '../bareClient.ts';
import { inTown, now } from '../benchTown.ts';
import { type Row, interleaved, median, milliseconds } from '../measure.ts';

export const turnOverhead: Row = {
  names: ['turn_overhead_vs_raw'],
  run: ({ quick }) =>
    inTown(async (town) => {
      const session = await town.window();
      const agent = await town.idleAgent(session, 'worker');
      const bare = await BareClient.start(town, agent);
      town.atEnd(() => bare.close());
      await bare.openThread();

      async function ours(): Promise<number> {
        const { text, asked } = town.token();
        const ended = town.turnEnd(session, agent.id);
        const start = await town.push(agent.id, text);
        const took = (await asked) - start;
        await ended;
        await town.quiet(session, 'worker');
        return took;
      }
      async function raw(): Promise<number> {
        const { text, asked } = town.token();
        const ended = bare.turnEnd();
        const start = now();
        await bare.startTurn(text);
        const took = (await asked) - start;
        await ended;
        await town.quiet(session, 'worker');
        return took;
      }
      const [own = [], bares = []] = await interleaved([ours, raw], { count: quick ? 20 : 60, warmUp: 5 });
      const note = `message to model request ${milliseconds(own)}, bare turn/start to model request ${milliseconds(bares)} (p50)`;
      const value = median(own) / median(bares);
      return [
        {
          name: 'turn_overhead_vs_raw',
          value,
          unit: '×',
          baseline: 1,
          target: 1.15,
          n: own.length,
          better: 'lower',
          note,
        },
      ];
    }),
};
