/** How much longer an urgent message takes to reach the running turn than a bare client's `turn/steer`. */
import { setTimeout as pause } from 'node:timers/promises';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { within } from '../../../src/util/boundedWait.ts';
import { BareClient } from '../bareClient.ts';
import { inTown, now } from '../benchTown.ts';
import { type Row, interleaved, median, milliseconds } from '../measure.ts';

/** A person steers a turn a few times, not a hundred times. */
const STEERS_A_TURN = 8;
/** Long enough for the work after a steer to end. */
const QUIET_MS = 30;

export const steerOverhead: Row = {
  names: ['steer_overhead_vs_raw'],
  run: ({ quick }) =>
    inTown(async (town) => {
      const session = await town.window();
      const agent = await town.idleAgent(session, 'worker');
      const bare = await BareClient.start(town, agent);
      town.atEnd(() => bare.close());
      await bare.openThread();

      const samples: [number[], number[]] = [[], []];
      for (let turn = 0; turn < (quick ? 3 : 10); turn += 1) {
        town.holdAnswers(true);
        const [first, second] = [town.token(), town.token()];
        const ends = [town.turnEnd(session, agent.id), bare.turnEnd()];
        await town.push(agent.id, first.text);
        const turnId = await bare.startTurn(second.text);
        await Promise.all([first.asked, second.asked]);
        await pause(QUIET_MS);

        const ours = async (): Promise<number> => {
          const accepted = steerAccepted(session, agent.id);
          const start = await town.push(agent.id, 'and mind the gap', 'urgent');
          const took = (await accepted) - start;
          await pause(QUIET_MS);
          return took;
        };
        const raw = async (): Promise<number> => {
          const start = now();
          await bare.steer(turnId, 'and mind the gap');
          const took = now() - start;
          await pause(QUIET_MS);
          return took;
        };
        const [own = [], bares = []] = await interleaved([ours, raw], { count: STEERS_A_TURN, warmUp: 1 });
        samples[0].push(...own);
        samples[1].push(...bares);
        town.holdAnswers(false);
        await Promise.all(ends);
        await town.quiet(session, 'worker');
      }
      const [own, bares] = samples;
      const note = `urgent message to accepted ${milliseconds(own)}, bare turn/steer ${milliseconds(bares)} (p50)`;
      const value = median(own) / median(bares);
      return [
        {
          name: 'steer_overhead_vs_raw',
          value,
          unit: '×',
          baseline: 1,
          target: 1.5,
          n: own.length,
          better: 'lower',
          note,
        },
      ];
    }),
};

/** Resolves with the time at which the runtime accepts one more steer. */
function steerAccepted(session: TownSession, agentId: string): Promise<number> {
  const steers = (): number => session.runner.view(agentId).turn?.steers.length ?? 0;
  const before = steers();
  const accepted = new Promise<number>((resolve) => {
    const listening = session.runner.onDidChangeView((id) => {
      if (id !== agentId || steers() === before) return;
      listening.dispose();
      resolve(now());
    });
  });
  return within(accepted, 10_000, 'The steer');
}
