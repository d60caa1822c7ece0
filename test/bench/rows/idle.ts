/** What idle agents cost: commands to Redis, and processor time of the extension host. */
import { setTimeout as pause } from 'node:timers/promises';
import { type BenchTown, inTown } from '../benchTown.ts';
import { startHost } from '../hostProcess.ts';
import type { Row } from '../measure.ts';

const AGENTS = 20;
/** Long enough for the work after the last start to end. */
const SETTLE_MS = 3_000;

export const idle: Row = {
  names: ['idle_commands_per_agent_second', 'idle_cpu_ms_per_minute'],
  run: ({ quick }) =>
    inTown(async (town) => {
      const agents = Array.from({ length: AGENTS }, (_, place) => `idle-${place + 1}`);
      const host = await startHost(town, agents);
      town.atEnd(() => host.close());
      await pause(SETTLE_MS);

      // Long enough to include the heartbeats, which come every 30 s.
      const seconds = quick ? 30 : 60;
      const [before, callsBefore] = [await host.cpuMs(), await calls(town)];
      await pause(seconds * 1_000);
      const callsAfter = await calls(town);
      const after = await host.cpuMs();
      const each = [...callsAfter]
        .map(([name, count]): [string, number] => [name, count - (callsBefore.get(name) ?? 0)])
        .filter(([name, count]) => count > 0 && name !== 'info');
      const sum = each.reduce((total, [, count]) => total + count, 0);
      const what = each.map(([name, count]) => `${count} ${name}`).join(', ');
      return [
        {
          name: 'idle_commands_per_agent_second',
          value: sum / AGENTS / seconds,
          unit: '1/s',
          baseline: null,
          target: 0.2,
          n: AGENTS,
          better: 'lower',
          note: `${sum} in ${seconds} s for ${AGENTS} agents with live sessions, those within scripts included: ${what}`,
        },
        {
          name: 'idle_cpu_ms_per_minute',
          value: ((after - before) * 60) / seconds,
          unit: 'ms/min',
          baseline: null,
          target: 100,
          n: AGENTS,
          better: 'lower',
          note: `user and system time of a process with a window's town in it, ${AGENTS} agents with live sessions`,
        },
      ];
    }),
};

/** How often each command has run on the server. */
async function calls({ client }: BenchTown): Promise<Map<string, number>> {
  const info = await client.info('commandstats');
  return new Map(
    [...info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name = '', count]) => [name, Number(count)]),
  );
}
