/** How many commands clients send to Redis for one turn, not counting commands inside scripts. */
import { setTimeout as pause } from 'node:timers/promises';
import { inTown } from '../benchTown.ts';
import { type Row, median } from '../measure.ts';

/** Longer than any work after a turn. The agent's output goes to the streams after half a second. */
const TRAIL_MS = 900;

interface Sent {
  words: string[];
  at: number;
}

export const roundTrips: Row = {
  names: ['redis_round_trips_per_turn'],
  run: ({ quick }) =>
    inTown(async (town) => {
      const session = await town.window();
      const agent = await town.idleAgent(session, 'worker');
      const monitor = await town.redis.client().monitor();
      town.atEnd(async () => monitor.disconnect());
      const sent: Sent[] = [];
      monitor.on('monitor', (_time: string, words: string[], source: string) => {
        if (source === 'lua' || isRenewal(words)) return;
        sent.push({ words, at: performance.now() });
      });
      const untilSettled: number[] = [];
      const inAll: number[] = [];
      for (let turn = 0; turn < (quick ? 3 : 8) + 1; turn += 1) {
        await pause(TRAIL_MS);
        sent.length = 0;
        const ended = town.turnEnd(session, agent.id);
        const { text, asked } = town.token();
        await town.push(agent.id, text);
        await Promise.all([asked, ended]);
        await town.quiet(session, 'worker');
        await pause(TRAIL_MS);
        // The first turn loads the scripts over each connection.
        if (turn === 0) continue;
        const own = sent.filter(({ words }) => !words.some((word) => word.includes(text) && words[0] === 'rpush'));
        const settled = own.findLastIndex(({ words }) => words.some((word) => word.includes('agent_turn_completed')));
        untilSettled.push(settled + 1);
        inAll.push(own.length);
        if (process.env['BENCH_TRACE']) trace(own);
      }
      const note =
        `everything that the turn caused, the screens' reading and the streams' echo included; ` +
        `${median(untilSettled)} of it until the turn was settled`;
      const value = median(inAll);
      const name = 'redis_round_trips_per_turn';
      return [{ name, value, unit: 'commands', baseline: null, target: 12, n: inAll.length, better: 'lower', note }];
    }),
};

/** Whether this is the window's heartbeat, which runs with or without turns. */
function isRenewal(words: readonly string[]): boolean {
  return words[0]?.toLowerCase() === 'pexpire' && (words[1]?.includes(':lease:window:') ?? false);
}

function trace(sent: readonly Sent[]): void {
  const start = sent[0]?.at ?? 0;
  for (const { words, at } of sent) {
    const line = words.map((word) => word.slice(0, 60)).join(' ');
    process.stdout.write(`\n  ${(at - start).toFixed(1)} ms ${line.slice(0, 300)}`);
  }
}
