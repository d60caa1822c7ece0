import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { type ExitValue, type ManagedProcess, spawnDetached, spawnManaged } from '../../../src/process/processes.ts';
import { ProcessRegistry } from '../../../src/process/processRegistry.ts';
import { type ListedProcess, nameOfProcess, signalGroup, startTimeOf } from '../../../src/process/processTable.ts';
import { eventually } from '../../support/eventually.ts';
import { tempDir } from '../../support/tempDir.ts';

function isHelper({ command }: ListedProcess): boolean {
  return /--helper|^sleep 60/.test(command);
}

describe('processes', () => {
  let folder: Awaited<ReturnType<typeof tempDir>>;
  let registry: ProcessRegistry;
  const groups: number[] = [];
  const started: { stop(options: { graceMs: number }): Promise<ExitValue> }[] = [];

  beforeEach(async () => {
    folder = await tempDir('processes');
    registry = new ProcessRegistry(path.join(folder.path, 'registry'));
  });

  afterEach(async () => {
    for (const pid of groups.splice(0)) signalGroup(pid, 'SIGKILL');
    await Promise.all(started.splice(0).map((child) => child.stop({ graceMs: 0 })));
    await folder.remove();
  });

  /** A Node.js program as the child. */
  async function node(script: string, ...args: string[]): Promise<ManagedProcess> {
    const child = await spawnManaged(process.execPath, ['-e', script, ...args], options());
    started.push(child);
    return child;
  }

  function options(purpose = 'test') {
    return { cwd: folder.path, env: process.env, purpose, registry };
  }

  /** A group whose leader lives on, or not, and another member of it. */
  async function startGroup(mark: string, leaderLives: boolean) {
    const env = { ...process.env, TINYTOWN_PROCESS: mark };
    const leader = spawn('sh', ['-c', 'sleep 60 & echo $!; wait'], { detached: true, env });
    const pid = leader.pid ?? 0;
    groups.push(pid);
    const member = Number(String(await once(leader.stdout, 'data')));
    const leaderName = await nameOfProcess(pid);
    if (!leaderLives) {
      leader.kill('SIGKILL');
      await once(leader, 'exit');
    }
    assert.ok(leaderName);
    return { leader: leaderName, member };
  }

  /** The file of a process's record. */
  async function fileOf(pid: number): Promise<string> {
    const names = await readdir(path.join(folder.path, 'registry'));
    return path.join(folder.path, 'registry', names.find((name) => name.endsWith(`-${pid}.json`)) ?? '');
  }

  /** Rewrites a record, as if another process of the past had left it. */
  async function rewrite(pid: number, change: (record: { startTime: string; owner: { startTime: string } }) => void) {
    const file = await fileOf(pid);
    const record = JSON.parse(await readFile(file, 'utf8')) as Parameters<typeof change>[0];
    change(record);
    await writeFile(file, JSON.stringify(record));
  }

  it('passes arguments as they are and takes input', async () => {
    const child = await node('process.stdin.pipe(process.stdout); console.log(process.argv[1])', '$(id) "; `x`');
    child.stdin.end('in');
    assert.equal(await text(child.stdout), '$(id) "; `x`\nin');
    assert.deepEqual(await child.exited, { code: 0, signal: null });
  });

  it('says how a process ended, as a value', async () => {
    assert.deepEqual(await (await node('process.exit(3)')).exited, { code: 3, signal: null });
    const killed = await node('process.kill(process.pid, "SIGKILL")');
    assert.deepEqual(await killed.exited, { code: null, signal: 'SIGKILL' });
  });

  it('says so though somebody else holds its pipes', async function () {
    if (process.platform === 'win32') this.skip();
    // In a group of its own, so that the end of the group does not reach it.
    const holder = `const c = require('child_process').spawn('sleep', ['60'], { detached: true, stdio: 'inherit' });
      console.log(c.pid); process.exit(5)`;
    const child = await node(holder);
    const heard = once(child.stdout, 'data');
    assert.deepEqual(await child.exited, { code: 5, signal: null });
    const [pid]: unknown[] = await heard;
    assert.equal(child.stdout.readableEnded, false, 'its pipe is still open');
    process.kill(Number(String(pid)), 'SIGKILL');
  });

  it('keeps what a process prints that ends before it is recorded', async () => {
    const slow: Pick<ProcessRegistry, 'add' | 'remove' | 'addGroups'> = {
      add: async (pid) =>
        void (await eventually(async () => (await startTimeOf(pid)) === undefined, { what: 'its end' })),
      remove: (pid) => registry.remove(pid),
      addGroups: () => Promise.resolve(),
    };
    const child = await spawnManaged(process.execPath, ['-e', 'console.log("done")'], {
      ...options(),
      registry: Object.assign(Object.create(registry), slow),
    });
    started.push(child);
    const [said]: unknown[] = await once(child.stdout, 'data');
    assert.equal(String(said), 'done\n');
  });

  it('keeps the end of stderr however much comes, and has it with the exit', async () => {
    const child = await node('for (let i = 0; i < 20_000; i++) process.stderr.write("line " + i + "\\n")');
    await child.exited;
    assert.ok(child.stderrTail().endsWith('line 19999\n'));
    assert.ok(child.stderrTail().length <= 16_384);
  });

  for (const [what, command, prepare] of [
    ['a missing program', 'no-such-program', undefined],
    ['a file that is not executable', 'plain.txt', (file: string) => writeFile(file, 'x')],
  ] as const) {
    it(`rejects ${what} with a reason`, async () => {
      const file = path.join(folder.path, command);
      await prepare?.(file);
      if (prepare) await chmod(file, 0o600);
      await assert.rejects(spawnManaged(file, [], options()), { reason: 'programUnusable' });
      assert.deepEqual(await registry.list(), []);
    });
  }

  it('tells a missing folder from a missing program', async () => {
    const missing = { ...options(), cwd: path.join(folder.path, 'gone') };
    await assert.rejects(spawnManaged(process.execPath, [], missing), /folder .*gone does not exist/);
  });

  describe('stop', () => {
    it('is gentle with one that ends when its input ends', async () => {
      const child = await node('process.stdin.on("end", () => process.exit(7)).resume()');
      assert.deepEqual(await child.stop(), { code: 7, signal: null });
    });

    it('asks, then kills, one that listens to nothing; concurrent calls share one end', async () => {
      const child = await node('process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6); console.log("up")');
      await new Promise((resolve) => child.stdout.once('data', resolve));
      const [first, second] = await Promise.all([child.stop({ graceMs: 50 }), child.stop({ graceMs: 50 })]);
      assert.deepEqual(first, { code: null, signal: 'SIGKILL' });
      assert.equal(second, first);
    });

    it('ends a helper that an orderly exit leaves behind, and nothing else', async () => {
      const script = `
        const { spawn } = require('node:child_process');
        const start = (name) => spawn('sh', ['-c', 'sleep 60; :', name], { detached: true, stdio: 'ignore' }).pid;
        console.log(JSON.stringify([start('--helper'), start('--other')]));
        process.stdin.on('end', () => process.exit(0)).resume();`;
      const child = await spawnManaged(process.execPath, ['-e', script], { ...options(), isHelper });
      started.push(child);
      const [helper = 0, other = 0] = JSON.parse(String(await once(child.stdout, 'data'))) as number[];
      groups.push(helper, other);
      assert.deepEqual(await child.stop(), { code: 0, signal: null });
      await eventually(async () => (await startTimeOf(helper)) === undefined);
      assert.ok(await startTimeOf(other));
    });

    it('takes the whole group along, even when the leader leaves by itself', async () => {
      const spawnsOne = `const c = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'],
        { stdio: 'inherit' }); console.log(c.pid); process.stdin.on('end', () => process.exit(0)).resume()`;
      const child = await node(spawnsOne);
      const grandchild = Number(await new Promise((resolve) => child.stdout.once('data', resolve)));
      assert.ok(await startTimeOf(grandchild));
      await child.stop();
      await eventually(async () => (await startTimeOf(grandchild)) === undefined);
    });
  });

  describe('registry', () => {
    it('holds a living process, privately, and forgets it when it ends', async () => {
      const child = await node('process.stdin.resume()');
      const [record] = await registry.list();
      assert.equal(record?.pid, child.pid);
      assert.equal(record?.purpose, 'test');
      assert.equal(record?.owner.pid, process.pid);
      const file = await fileOf(child.pid);
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      assert.equal((await stat(path.dirname(file))).mode & 0o777, 0o700);
      await child.stop();
      await eventually(async () => (await registry.list()).length === 0);
    });

    it('ends what works for one agent, though its owner lives, and nothing else', async () => {
      const mine = await spawnManaged(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
        ...options(),
        registry: registry.of('agent-1'),
      });
      const other = await node('setInterval(() => {}, 1000)');
      started.push(mine);
      process.kill(mine.pid, 'SIGSTOP');
      assert.equal(await registry.endAllOf('agent-1'), 1);
      assert.ok((await mine.exited).signal);
      assert.ok(await startTimeOf(other.pid));
      assert.equal(await registry.endAllOf('agent-1'), 0);
    });

    it('reaps nothing whose owner lives', async () => {
      const child = await node('process.stdin.resume()');
      assert.equal(await registry.reap(), 0);
      assert.ok(await startTimeOf(child.pid));
    });

    it('reaps what a gone owner left, though it ignores SIGTERM', async () => {
      const child = await node('process.on("SIGTERM", () => {}); process.stdin.resume(); console.log("up")');
      await new Promise((resolve) => child.stdout.once('data', resolve));
      await rewrite(child.pid, (record) => (record.owner.startTime = 'another time'));
      assert.equal(await registry.reap(), 1);
      assert.equal((await child.exited).signal, 'SIGKILL');
      assert.deepEqual(await registry.list(), []);
    });

    it('ends what such a one has started meanwhile in a group of its own', async () => {
      const child = await node(`const { spawn } = require('child_process');
        console.log(spawn('sleep', ['60'], { detached: true, stdio: 'ignore' }).pid); process.stdin.resume()`);
      const pid = Number(String(await once(child.stdout, 'data')));
      await rewrite(child.pid, (record) => (record.owner.startTime = 'another time'));
      assert.equal(await registry.reap(), 1);
      await eventually(async () => (await startTimeOf(pid)) === undefined);
    });

    it('leaves a stranger alone that now has the recorded id', async () => {
      const child = await node('process.stdin.resume()');
      await rewrite(child.pid, (record) => {
        record.startTime = 'another time';
        record.owner.startTime = 'another time';
      });
      assert.equal(await registry.reap(), 0);
      assert.ok(await startTimeOf(child.pid));
      assert.deepEqual(await registry.list(), [], 'the stale record is dropped');
    });

    it('ends the groups that a gone process has left, by their leader or by its mark, and no stranger’s', async function () {
      if (process.platform !== 'linux') this.skip();
      const [led, left, other, again] = await Promise.all([
        startGroup('no mark of ours', true),
        startGroup('ours', false),
        startGroup('no mark of ours', false),
        startGroup('ours', true),
      ]);
      const gone = { pid: 1, startTime: 'another time', place: led.leader.place };
      const leaders = [led.leader, left.leader, other.leader, { ...again.leader, startTime: 'another time' }];
      const record = { ...gone, purpose: 'test', detached: false, owner: gone };
      await mkdir(path.join(folder.path, 'registry'));
      await writeFile(
        path.join(folder.path, 'registry', '1.json'),
        JSON.stringify({ ...record, mark: 'ours', groups: leaders }),
      );
      assert.equal(await registry.reap(), 1);
      for (const { member } of [led, left]) await eventually(async () => (await startTimeOf(member)) === undefined);
      for (const { member } of [other, again]) assert.ok(await startTimeOf(member));
      assert.deepEqual(await registry.list(), []);
    });

    it('drops unreadable records', async () => {
      await mkdir(path.join(folder.path, 'registry'));
      await writeFile(path.join(folder.path, 'registry', '1.json'), '{"pid":');
      assert.equal(await registry.reap(), 0);
      await eventually(async () => (await registry.list()).length === 0);
    });

    it('never reaps a detached one; it prints to its log', async () => {
      const logFile = path.join(folder.path, 'log');
      const script = 'console.log("out"); console.error("err"); setInterval(() => {}, 1e6)';
      const child = await spawnDetached(process.execPath, ['-e', script], { ...options('redis'), logFile });
      started.push(child);
      await rewrite(child.pid, (record) => (record.owner.startTime = 'another time'));
      assert.equal(await registry.reap(), 0);
      await eventually(async () => (await readFile(logFile, 'utf8')) === 'out\nerr\n');
      assert.deepEqual(await child.stop({ graceMs: 1_000 }), { code: null, signal: 'SIGTERM' });
    });
  });
});
