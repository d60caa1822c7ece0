/** How much memory a thousand turns leave behind in the extension host per agent, and whether it keeps growing. */
import { inTown } from '../benchTown.ts';
import { startHost } from '../hostProcess.ts';
import { type Row, slope } from '../measure.ts';
import { floodingCodex } from './notifications.ts';

const AGENTS = 4;
const SAMPLES = 8;
/** Enough turns to compile the code and fill the bounded buffers. */
const WARM_UP_TURNS = 30;
/** Kilobytes that a warm agent may gain per thousand turns and still count as flat. A heap's size varies by as much. */
const FLAT_KB = 64;

export const memory: Row = {
  names: ['memory_per_agent_kb'],
  run: ({ quick }) =>
    inTown(async (town) => {
      const turns = quick ? 200 : 1_000;
      const agents = Array.from({ length: AGENTS }, (_, place) => `worker-${place + 1}`);
      const host = await startHost(town, agents, { codexPath: floodingCodex });
      town.atEnd(() => host.close());
      const first = await host.heap();
      await host.work(WARM_UP_TURNS);
      const heaps = [await host.heap()];
      for (let sample = 0; sample < SAMPLES; sample += 1) {
        await host.work(Math.round(turns / SAMPLES));
        heaps.push(await host.heap());
      }
      const kilobytes = (bytes: number): number => bytes / 1_024 / AGENTS;
      const grown = kilobytes((heaps.at(-1) ?? Number.NaN) - first);
      // Only the second half, when everything that is bounded has reached its bound.
      const perThousand = kilobytes(slope(heaps.slice(SAMPLES / 2))) * (1_000 / (turns / SAMPLES));
      return [
        {
          name: 'memory_per_agent_kb',
          value: grown,
          unit: 'kB',
          baseline: null,
          target: 2_048,
          n: AGENTS,
          better: 'lower',
          alsoHolds: perThousand <= FLAT_KB,
          note: `heap after ${turns} turns each, over that of agents that had none; slope ${perThousand.toFixed(1)} kB per agent and 1,000 turns in the second half (flat: up to ${FLAT_KB})`,
        },
      ];
    }),
};
