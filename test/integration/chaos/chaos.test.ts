/** The short version of `npm run chaos`: some seeds that between them hold every kind of disaster and of agent. */
import assert from 'node:assert/strict';
import { run } from '../../chaos/run.ts';
import { disasterKinds, scheduleOf } from '../../chaos/schedule.ts';

/** What a seed's run has in it: kinds of disasters, and of agents. */
function contents(seed: number): Set<string> {
  const { disasters, agents } = scheduleOf(seed);
  return new Set([...disasters.map((disaster) => disaster.do), ...agents]);
}

/** Few seeds that between them hold everything; others where a kind is added. */
function coveringSeeds(): number[] {
  const missing = new Set<string>([...disasterKinds, 'session', 'exec', 'other']);
  const candidates = Array.from({ length: 400 }, (_, seed) => ({ seed, has: contents(seed) }));
  const chosen: number[] = [];
  while (missing.size > 0) {
    const gains = candidates.map(({ has }) => [...has].filter((kind) => missing.has(kind)).length);
    const best = candidates[gains.indexOf(Math.max(...gains))];
    assert.ok(best && Math.max(...gains) > 0, `no seed has ${[...missing].join()}`);
    chosen.push(best.seed);
    for (const kind of best.has) missing.delete(kind);
  }
  return chosen;
}

describe('a town in which everything goes wrong', () => {
  const seeds = coveringSeeds();

  for (const seed of seeds) {
    it(`loses nothing, delivers nothing twice and leaves no process behind (seed ${seed})`, async () => {
      const { violations, log } = await run(seed);
      assert.deepEqual(violations, [], `the log of the windows is ${log ?? 'gone'}`);
    });
  }
});
