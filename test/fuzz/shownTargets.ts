/** What people and agents are shown: commands to approve, names of towns and their keys, cut texts, prompts. */
import assert from 'node:assert/strict';
import type { AgentRequest } from '../../src/runtime/agentRequest.ts';
import { withoutShell } from '../../src/runtime/shownCommand.ts';
import { TownKeys, townNameProblem } from '../../src/town/keys.ts';
import { COLUMNS, approvedRows, columnsOf } from '../../src/ui/needs/approvedRows.ts';
import { commandLine, seenInLabel } from '../../src/ui/needs/seen.ts';
import { lookAlikesIn, nameKey, spellOut } from '../../src/util/hidden.ts';
import { shellLine, shellWord, wordsOf } from '../../src/util/shellWords.ts';
import { endOf, oneLine, startOf } from '../../src/util/text.ts';
import { hostileText } from './hostile.ts';
import type { Target } from './target.ts';

const hidden = /[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Cs}]/u;
const english = (text: string, ...values: unknown[]): string =>
  text.replace(/\{(\d)\}/g, (_, place) => String(values[Number(place)]));

export const shownTargets: readonly Target[] = [
  {
    name: 'command shown',
    weight: 8,
    run(random) {
      const script = hostileText(random) + hostileText(random);
      const shell = random.pick(['/bin/bash', '/usr/bin/sh', '/ws/bash', 'bash', hostileText(random)]);
      const line = shellLine([shell, '-lc', script]);
      assert.deepEqual(wordsOf(line), [shell, '-lc', script]);
      const trusted = /^\/(?:usr\/)?bin\/(?:ba)?sh$/.test(shell) && script.trim() !== '';
      assert.equal(withoutShell(line), trusted ? script : line);
      // Whatever else the line is, it is the raw line or one of its words.
      const spoilt = line.slice(0, random.whole(0, line.length)) + hostileText(random);
      const shown = withoutShell(spoilt);
      assert.ok(shown === spoilt || wordsOf(spoilt)?.[2] === shown);
    },
  },
  {
    name: 'approval shown',
    weight: 8,
    run(random) {
      const command = hostileText(random) + hostileText(random);
      const request: AgentRequest = {
        id: 'r',
        turnId: null,
        itemId: null,
        askedAt: 0,
        subAgent: null,
        choices: [],
        kind: 'command',
        command,
        cwd: random.pick(['/w', hostileText(random)]),
        reason: null,
        input: false,
        permissions: random.chance(0.2) ? [hostileText(random)] : [],
      };
      const { rows, whole } = approvedRows(request, '/w', english);
      const label = commandLine(command);
      for (const text of [label, ...rows.map((row) => row.text)]) {
        assert.ok(!hidden.test(text) && !text.includes('\n'), text);
      }
      for (const { text } of rows) assert.ok(columnsOf(text) <= COLUMNS, text);
      if (seenInLabel(request, '/w', english)) assert.equal(label, spellOut(command));
      if (whole) {
        const shown = rows.map(({ text, continues }) => (continues ? text : `\n${text === '⏎' ? '' : text}`)).join('');
        assert.ok(`${shown}\n`.startsWith(`\n${spellOut(command)}${command === '' ? '' : '\n'}`));
      }
      lookAlikesIn(command);
    },
  },
  {
    name: 'town name',
    weight: 4,
    run(random) {
      const name = random.pick([hostileText(random), `a${hostileText(random)}`]);
      if (townNameProblem(name) !== undefined) return;
      const keys = new TownKeys(name);
      const id = '1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed';
      assert.deepEqual(keys.parse(keys.agent(id)), { kind: 'agent', id });
      assert.deepEqual(keys.parse(keys.task(id)), { kind: 'task', id });
      assert.ok(globMatches(keys.pattern, keys.agent(id)), 'the pattern finds its own keys');
      const other = hostileText(random);
      if (townNameProblem(other) !== undefined || other.startsWith(`${name}:`) || other === name) return;
      const foreign = new TownKeys(other).agent(id);
      assert.equal(keys.parse(foreign), undefined);
      assert.ok(!globMatches(keys.pattern, foreign), 'the pattern finds no keys of another town');
    },
  },
  {
    name: 'name key',
    weight: 2,
    run(random) {
      const name = hostileText(random);
      const key = nameKey(name);
      for (const same of [key, name.toUpperCase(), `\u200b${name}`, `${name}\u00ad`]) {
        assert.ok(nameKey(same) === key, `another key for ${JSON.stringify(same)}`);
      }
    },
  },
  {
    name: 'text cut',
    weight: 6,
    run(random) {
      const text = (hostileText(random) + hostileText(random)).toWellFormed();
      const limit = random.whole(1, 60);
      for (const cut of [startOf(text, limit), endOf(text, limit), oneLine(text, limit)]) {
        assert.ok(cut.length <= limit && cut.isWellFormed(), JSON.stringify([text, limit, cut]));
      }
      assert.ok(text.startsWith(startOf(text, limit)) && text.endsWith(endOf(text, limit)));
      assert.deepEqual(wordsOf(`x ${shellWord(text)}`), ['x', text]);
    },
  },
];

const headings =
  /^(?:## (?:Continue|Messages to act on|For your information \(.*\)|Backlog|What has changed|What you read|No tools|Tools|Acting on the town|How to work)|### (?:URGENT: )?(?:Task|Question|Message|[a-z_]+) .*)$/;

/** Nothing that stands outside a prompt's fences ends its line, or is a heading that the town has not written. */
export function assertFenced(prompt: string): void {
  let fence: string | undefined;
  for (const line of prompt.split('\n')) {
    if (fence !== undefined) {
      if (line === fence) fence = undefined;
    } else if (/^`{3,}$/.test(line)) {
      fence = line;
    } else {
      assert.ok(!/[\p{Cc}\p{Zl}\p{Zp}]/u.test(line), `not one line: ${JSON.stringify(line)}`);
      assert.ok(!line.startsWith('#') || headings.test(line), `a heading from others: ${JSON.stringify(line)}`);
    }
  }
  assert.equal(fence, undefined, 'every fence is closed');
}

/** As Redis matches, for patterns of escaped characters with one star at the end. */
function globMatches(pattern: string, key: string): boolean {
  const start = pattern.slice(0, -1).replace(/\\(.)/gsu, '$1');
  assert.ok(!/(?<!\\)(?:\\\\)*[*?[]/.test(pattern.slice(0, -1)), `an open pattern: ${pattern}`);
  return key.startsWith(start);
}
