/** A window that is killed hard, at any moment: nothing that it or its agents have started is left once there is a window again. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { nameOf } from '../../chaos/disasters.ts';
import { OTHER_CLI, World } from '../../chaos/world.ts';
import type { ChaosWindow } from '../../chaos/window.ts';
import type { FamilyMember } from '../../support/children.ts';
import type { ProcessRecord } from '../../../src/process/processRegistry.ts';
import { type ListedProcess, listProcesses, signalGroup } from '../../../src/process/processTable.ts';
import { gate } from '../../support/scriptedModel.ts';
import { eventually } from '../../support/eventually.ts';

const free = 'sleep 301';
const commands = `setsid ${free} & (trap "" TERM HUP; sleep 302) & sleep 303`;

function listed(members: readonly FamilyMember[]): string {
  return members.map(({ command }) => command.slice(0, 80)).join(' | ');
}

const agents = [{}, { persistent: false }, { cli: OTHER_CLI }];

async function startAll(window: ChaosWindow): Promise<void> {
  for (const [agent, who] of agents.entries()) {
    assert.equal(await window.ask({ do: 'spawn', agent: nameOf(agent), ...who }), undefined);
    const work = { text: 'x'.repeat(500), kind: 'task', urgent: false } as const;
    assert.equal(await window.ask({ do: 'send', agent: nameOf(agent), ...work }), undefined);
  }
}

describe('a window that is killed hard', () => {
  let world: World;

  beforeEach(async () => {
    world = await World.create(0);
    // One that goes on by itself, one that has left its group, and one that takes no notice of the end of its input.
    world.model.script = () => [{ exec: commands }];
  });

  afterEach(async () => {
    await world.end();
    await world.remove();
  });

  function running(...commands: string[]): boolean {
    const all = world.family.members().map(({ command }) => command);
    return commands.every((command) => all.some((one) => one.includes(command)));
  }

  /** What is still there, but for what has left its agent for good: nobody ends that. */
  function members(): FamilyMember[] {
    return world.family.members().filter(({ command }) => command !== free);
  }

  /** What ran when the window was killed; it is gone once another window has looked after it. */
  async function killed(window: ChaosWindow, together: readonly ProcessRecord[] = []): Promise<FamilyMember[]> {
    const before = members();
    window.signal('SIGKILL');
    for (const { pid } of together) signalGroup(pid, 'SIGKILL');
    await window.kill();
    // What is tried is the end of the first; the next one starts no commands.
    world.model.script = () => [{ text: 'done' }];
    const next = world.openWindow();
    await next.opened();
    const left = (): FamilyMember[] => {
      const now = members();
      return before.filter(({ pid, command }) => now.some((one) => one.pid === pid && one.command === command));
    };
    await eventually(() => left().length === 0).catch(() => assert.fail(`left behind: ${listed(left())}`));
    assert.ok(await next.close(), 'the next window ends by itself');
    await eventually(() => members().length === 0).catch(() => assert.fail(`left: ${listed(members())}`));
    return before;
  }

  it('in the middle of everything: sessions with their tools and shells, processes of turns, and its own Codex', async () => {
    const window = world.openWindow();
    await window.opened();
    await startAll(window);
    assert.equal(await window.ask({ do: 'askCodex' }), undefined);
    await eventually(() => running('app-server', 'mcp.cjs', 'exec', free, 'sleep 302', 'sleep 303'), {
      what: 'all of them',
    });
    const before = await killed(window);
    assert.ok(before.length > 5, `there was something to end: ${listed(before)}`);
  });

  it('and all its processes with it, so that nobody is left to end the commands of agents', async () => {
    const window = world.openWindow();
    await window.opened();
    const up = gate();
    // What runs is looked for soon after a command was started: the second of each has the first ones found for certain.
    world.model.script = async ({ toolOutputs }) => {
      if (toolOutputs.length === 0)
        return [{ tool: { name: 'exec_command', arguments: { cmd: commands, yield_time_ms: 250 } } }];
      await up.opened;
      return [{ exec: 'sleep 304' }];
    };
    await startAll(window);
    await eventually(async () => (await deaf()).length === 2, { what: 'the commands of both agents on Codex' });
    up.open();
    await eventually(areRecorded, { what: 'the same in the records' });
    const before = await killed(window, await world.agentProcesses());
    assert.ok(before.length > 5, `there was something to end: ${listed(before)}`);
  });

  async function deaf(): Promise<ListedProcess[]> {
    const ours = new Set(members().map(({ pid }) => pid));
    return (await listProcesses()).filter(({ pid, command }) => ours.has(pid) && command === 'sleep 302');
  }

  async function areRecorded(): Promise<boolean> {
    const groups = (await world.agentProcesses()).flatMap((record) => record.groups ?? []);
    return (await deaf()).every(({ group }) => groups.some(({ pid }) => pid === group));
  }

  for (const after of [0, 40, 120, 250, 400]) {
    it(`${after} ms after its agents were told to start`, async () => {
      const window = world.openWindow();
      await window.opened();
      const starting = startAll(window).catch(() => undefined);
      // The moment is what is tried, so it is not waited for anything else.
      await pause(after);
      await killed(window);
      await starting;
    });
  }
});
