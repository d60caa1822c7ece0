import assert from 'node:assert/strict';
import { catalogue } from '../../../src/tools/catalogue.ts';
import { type Reading, readCommandLine } from '../../../src/tools/commandLine.ts';
import { commands } from '../../../src/tools/commands.ts';

const id = '123e4567-e89b-42d3-a456-426614174000';

function folderOf(reading: Reading): string | undefined {
  return reading.do === 'run' ? reading.folder : 'none';
}

describe('a command line of tt', () => {
  const understood: [string[], string, Record<string, unknown>][] = [
    [['status'], 'status', {}],
    [['status', '--deep', '--tasks'], 'status', { deep: true, tasks: true }],
    [['list'], 'list', {}],
    [['assign', 'backend', 'write it'], 'assign', { agent: 'backend', text: 'write it' }],
    [['assign', 'backend', 'write', 'it', 'now'], 'assign', { agent: 'backend', text: 'write it now' }],
    [['send', 'qa', 'hello'], 'send', { agent: 'qa', text: 'hello', kind: 'task' }],
    [
      ['send', 'qa', '--query', 'is it so?', '--urgent'],
      'send',
      { agent: 'qa', text: 'is it so?', kind: 'query', urgent: true },
    ],
    [['send', '--info', 'qa', 'done'], 'send', { agent: 'qa', text: 'done', kind: 'info' }],
    [['send', 'qa', '--ack', 'thanks'], 'send', { agent: 'qa', text: 'thanks', kind: 'ack' }],
    [['send', 'qa', '--', '--force is wrong'], 'send', { agent: 'qa', text: '--force is wrong', kind: 'task' }],
    [['inbox'], 'inbox', {}],
    [['inbox', '-a'], 'inbox', { all: true }],
    [['inbox', 'qa'], 'inbox', { agent: 'qa' }],
    [['backlog', 'list'], 'backlog_list', {}],
    [['backlog', 'add', 'a page', '--tags', 'docs, web,,'], 'backlog_add', { text: 'a page', tags: ['docs', ' web'] }],
    [['backlog', 'claim', id], 'backlog_claim', { task_id: id }],
    [['backlog', 'claim', id, 'qa'], 'backlog_claim', { task_id: id, agent: 'qa' }],
    [['backlog', 'remove', id], 'backlog_remove', { task_id: id }],
    [['task', 'current'], 'task_current', {}],
    [['task', 'show', id], 'task_show', { task_id: id }],
    [['task', 'complete', id, '--result', 'all green'], 'task_complete', { task_id: id, result: 'all green' }],
    [['task', 'complete', '--result=all green'], 'task_complete', { result: 'all green' }],
    [['task', 'fail', id, '--reason', 'no key'], 'task_fail', { task_id: id, reason: 'no key' }],
    [['task', 'list', '--state', 'failed'], 'task_list', { state: 'failed' }],
  ];
  for (const [words, operation, args] of understood) {
    it(`“tt ${words.join(' ')}” is ${operation}`, () => {
      const reading = readCommandLine(words);
      assert.equal(reading.do, 'run');
      assert.deepEqual([reading.operation, reading.arguments], [operation, args]);
    });
  }

  const refused: [string[], RegExp][] = [
    [[], /tt: what agents do/],
    [['dance'], /no command “dance”/],
    [['backlog'], /needs one of: list, add, claim, remove/],
    [['backlog', 'steal'], /needs one of: list, add, claim, remove/],
    [['assign'], /needs AGENT TEXT/],
    [['assign', 'backend'], /needs AGENT TEXT/],
    [['task', 'show'], /needs TASK_ID/],
    [['task', 'show', id, id], /does not take “/],
    [['status', '--loud'], /Unknown option '--loud'/],
    [['send', 'qa', '-- text'], /Put -- before a text that begins with a dash/],
    [['backlog', 'add', 'x', '--tags'], /--tags/],
  ];
  for (const [words, says] of refused) {
    it(`“tt ${words.join(' ')}” is refused with what is right`, () => {
      const reading = readCommandLine(words);
      assert.equal(reading.do, 'refuse');
      assert.match(reading.text, says);
    });
  }

  it('names the town before or after the command', () => {
    for (const words of [
      ['--town', '/hill', 'status'],
      ['-t', '/hill', 'status'],
      ['--town=/hill', 'status'],
      ['status', '--town', '/hill'],
      ['-v', '-t', '/sea', 'status', '-t', '/hill'],
    ])
      assert.equal(folderOf(readCommandLine(words)), '/hill', words.join(' '));
    assert.equal(folderOf(readCommandLine(['status'])), undefined);
  });

  it('has help for every command, by each of its ways', () => {
    for (const { words, operation, optionHelp, options } of commands) {
      for (const asked of [
        [...words, '--help'],
        [...words, '-h'],
        ['help', ...words],
        ['--help', ...words],
      ]) {
        const reading = readCommandLine(asked);
        assert.equal(reading.do, 'help', asked.join(' '));
        assert.match(reading.text, new RegExp(`^Usage: tt ${words.join(' ')}`, 'm'));
      }
      assert.ok(
        catalogue.some(({ name }) => name === operation),
        operation,
      );
      assert.equal(optionHelp.length, Object.keys(options).length, `help of every option of ${words.join(' ')}`);
    }
    for (const asked of [['--help'], ['help'], ['backlog', '--help'], ['help', 'task']]) {
      assert.equal(readCommandLine(asked).do, 'help', asked.join(' '));
    }
    assert.equal(readCommandLine(['--version']).do, 'version');
  });

  it('reaches every operation', () => {
    assert.deepEqual(
      catalogue.map(({ name }) => name).toSorted(),
      commands.map(({ operation }) => operation).toSorted(),
    );
  });
});
