/** A tool server that is stopped as a whole does not hold its agent's turn for long. */
import assert from 'node:assert/strict';
import { toolsConfig } from '../../../src/loop/townAccess.ts';
import { descendantsOf } from '../../../src/process/processTable.ts';
import { AgentBench } from '../../support/agentHarness.ts';
import { builtBundles } from '../../support/bundles.ts';
import { taskTool } from '../../support/testTown.ts';

describe('a tool server that is frozen', function () {
  this.timeout(120_000);

  it('lets the turn go on after the limit of a call', async () => {
    const bench = await AgentBench.open();
    let frozen: number[] = [];
    try {
      const bundles = await builtBundles();
      const threadConfig = toolsConfig('no access', bundles, { callSec: 2 });
      const { agent, record } = bench.persistent({ threadConfig });
      bench.model.script = ({ toolOutputs }) =>
        toolOutputs.length > 0 ? [{ text: 'done' }] : [{ hold: freeze() }, taskTool('backlog_list', {})];
      const freeze = async (): Promise<void> => {
        const running = await descendantsOf(agent.pid ?? Number.NaN);
        frozen = running.flatMap(({ pid, command }) => (command.includes(bundles.mcp) ? [pid] : []));
        for (const pid of frozen) process.kill(pid, 'SIGSTOP');
      };
      await agent.start(null);
      await agent.startTurn({ text: 'work', clientId: 'c1' });
      await record.next('turnCompleted');
      assert.equal(frozen.length, 1);
      assert.match(bench.model.requests.at(-1)?.toolOutputs.join() ?? '', /timed out/);
    } finally {
      for (const pid of frozen) process.kill(pid, 'SIGCONT');
      await bench.close();
    }
  });
});
