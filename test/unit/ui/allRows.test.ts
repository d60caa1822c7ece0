/** What holds for every row of every view: it can be translated, and be heard as well as seen. */
import assert from 'node:assert/strict';
import { agentStates } from '../../../src/town/records/records.ts';
import { validateAgentName, resolveAgent } from '../../../src/town/records/names.ts';
import { townNameProblem } from '../../../src/town/keys.ts';
import { toRedisError } from '../../../src/town/redis/errors.ts';
import { agentActions, whyNot } from '../../../src/ui/agents/agentActions.ts';
import { actionLabel } from '../../../src/ui/agents/actionLabels.ts';
import { agentItems } from '../../../src/ui/agents/agentItems.ts';
import type { Item } from '../../../src/ui/items.ts';
import type { Translate } from '../../../src/ui/l10n.ts';
import { needsOf } from '../../../src/ui/needs/needs.ts';
import { needsYouItems, wholeText } from '../../../src/ui/needs/needsYouItems.ts';
import { problemOf } from '../../../src/ui/problems.ts';
import { statusOf } from '../../../src/ui/status.ts';
import { taskItems } from '../../../src/ui/tasks/taskItems.ts';
import { TinytownError } from '../../../src/util/errors.ts';
import { inWords, say } from '../../../src/util/sentence.ts';
import { textsOf, textsOfSource } from '../../../scripts/l10n.ts';
import { everything, letters } from './everything.ts';
import { english, flat, picture } from './support.ts';

/** Every row of the three views. */
function rows(t: Translate): Item[] {
  const town = picture(everything);
  const needs = needsOf(town, letters);
  const look = { t, now: everything.now, folder: '/数' };
  return [agentItems(town, t), needsYouItems(needs, look), taskItems(town, t)].flatMap((items) => flat(items));
}

describe('every row', () => {
  it('is there: the town of these tests has some of each kind', () => {
    const kinds = new Set(rows(english).map(({ contextValue }) => contextValue.split(';', 1)[0]));
    for (const kind of [
      'agent',
      'need',
      'task',
      'inbox',
      'receipt',
      'settled',
      'more',
      'problem',
      'past',
      'mode',
      'error',
      'reports',
    ]) {
      assert.ok(kinds.has(kind), `${kind} is missing among ${[...kinds].join()}`);
    }
    assert.ok(rows(english).length > 200);
  });

  it('has a label for screen readers, in one line, that says at least what is seen', () => {
    for (const { id, label, spoken } of rows(english)) {
      assert.ok(spoken.trim() !== '', `${id} is silent`);
      assert.doesNotMatch(spoken, /[\n\r\t]|\$\(|undefined|\[object/, id);
      assert.ok(spoken.includes(label) || spoken.length >= label.length, `${id}: “${label}” is spoken as “${spoken}”`);
    }
  });

  it('opens or answers what it stands for when it is clicked, and can be copied, if it has a text', () => {
    const kinds = new Set(['turnItem', 'steer', 'planStep', 'receipt', 'work', 'need', 'needDetail', 'error', 'task']);
    let found = 0;
    for (const { id, contextValue, collapse, label, runs, opens, text, copies } of rows(english)) {
      const kind = contextValue.split(';', 1)[0] ?? '';
      if (!kinds.has(kind)) continue;
      found += 1;
      if (collapse === 'none') assert.ok(runs ?? opens ?? text, `${id} does nothing`);
      assert.ok((copies?.() ?? text?.().text ?? label) !== '' || label.startsWith('('), `${id} copies nothing`);
    }
    assert.ok(found > 100);
  });

  it('has an icon of the editor’s own, in a colour of the theme', () => {
    for (const { id, icon } of rows(english)) {
      assert.match(icon.id, /^[a-z]+(-[a-z]+)*(~spin)?$/, id);
      assert.match(icon.color ?? 'icon.foreground', /^[a-z][A-Za-z]*(\.[A-Za-z]+)?$/, id);
    }
  });
});

describe('in another language', () => {
  let known: Set<string>;
  before(async () => {
    known = new Set((await textsOfSource()).texts);
  });

  /** Has no Latin letter; what is not in the list of texts it does not know. */
  const pseudo: Translate = (message, ...args) =>
    (known.has(message) ? message.replace(/[A-Za-z]/g, 'ж') : message).replace(/\{(\d+)\}/g, (_whole, index: string) =>
      String(args[Number(index)]),
    );

  it('every row says nothing in English: label, description, spoken, tooltip', () => {
    for (const { id, label, description, spoken, tooltip } of rows(pseudo)) {
      for (const text of [label, description, spoken, tooltip?.() ?? '']) {
        assert.deepEqual(untranslated(text.replaceAll(/id-\d+/g, '')), [], `${id}: ${text}`);
      }
    }
  });

  it('neither do texts of needs, the status bar, actions and the reasons against them', () => {
    const town = picture(everything);
    const needs = needsOf(town, letters);
    const status = statusOf({ kind: 'ready', folder: '/数', session: undefined }, town, needs, pseudo);
    const texts = [
      ...needs.map((need) => wholeText(need, pseudo)),
      status?.tooltip ?? '',
      status?.text.replaceAll(/\$\([^)]*\)/g, '') ?? '',
      ...agentActions.map((action) => actionLabel(action, pseudo)),
    ];
    for (const state of agentStates) {
      for (const owner of ['here', 'elsewhere', 'external', 'none'] as const) {
        for (const action of agentActions) {
          const agent = { name: '数', state, owner, turn: false, away: false, silent: false, held: 0, dead: 0 };
          texts.push(whyNot(action, agent, pseudo) ?? '');
        }
      }
    }
    for (const text of texts) assert.deepEqual(untranslated(text), [], text);
  });

  it('neither do errors, with what they say to do', () => {
    const named = [{ id: '数', name: '数' }];
    const nobody = resolveAgent('数数', named);
    const sentences = [
      ...['', ' 数', '数', '数'.repeat(65), 'supervisor', '\u0001'].flatMap(
        (name) => validateAgentName(name, named) ?? [],
      ),
      ...['', '数\n', '数'.repeat(513)].flatMap((name) => townNameProblem(name) ?? []),
      ...(nobody.ok ? [] : [nobody.message]),
    ];
    const lost = Object.assign(new Error('数'), { code: 'ECONNREFUSED' });
    const texts = [
      ...sentences.map((sentence) => inWords(sentence, pseudo)),
      problemOf(toRedisError(lost, '数'), pseudo).message,
      problemOf(toRedisError(new Error('WRONGPASS'), '数'), pseudo).message.replace('WRONGPASS', ''),
      problemOf(new TinytownError('x', 'This task no longer exists.', { hint: say('See {0}.', '数') }), pseudo).message,
    ];
    assert.equal(texts.length, 13);
    for (const text of texts) assert.deepEqual(untranslated(text.replace('supervisor', '')), [], text);
  });
});

describe('the list of texts', () => {
  it('holds whatever the source says to people, and nothing there is beyond its reach', async () => {
    const { texts, mistakes } = await textsOfSource();
    assert.deepEqual(mistakes, []);
    for (const text of [
      'Which agent?',
      '{0} has no interrupted work.',
      'Start Redis, or correct the address in the settings, REDIS_URL or tinytown.toml.',
      'The town has no name.',
      'Stop it first: two must never run the same agent.',
      'Codex is overloaded.',
    ]) {
      assert.ok(texts.includes(text), text);
    }
  });

  it('is read from code, not from comments, strings or expressions that look alike', () => {
    const source = `
      // t('comment')
      /* say("comment") */
      const url = 'https://t("string")'; const re = /t\\('regex'\\)[/]/g;
      t('it’s \\'one\\'', 1) + vscode.l10n.t("two\\n");
      \`outer \${t('in a template', \`\${say('deeper')}\`)} t('text')\`;
      cat('no'); format('no'); context.t('by a member'); a / t('after a division') / 2;
      new TinytownError('reason', 'An error.', { hint: 'A hint.', cause });
      const hint = \`plain\`;
      function t(message: string): string {}
      class A { say(text: string): void {} }
    `;
    assert.deepEqual(textsOf(source), {
      texts: [
        "it’s 'one'",
        'two\n',
        'in a template',
        'deeper',
        'by a member',
        'after a division',
        'An error.',
        'A hint.',
        'plain',
      ],
      mistakes: [],
    });
  });

  it('finds what cannot be translated as it is written', () => {
    const bad = [
      't(message)',
      't(`with ${it}`)',
      "say('a' + b)",
      "new TinytownError('reason', `with ${it}`)",
      "new CodexError('reason', 'a' + b)",
      'const hint = `with ${it}`;',
    ];
    for (const source of bad) assert.equal(textsOf(`\n${source}`).mistakes[0]?.startsWith('line 2: '), true, source);
  });
});

/** Names of products are the same in every language. */
function untranslated(text: string): string[] {
  return text.replace(/\b(?:Codex|Tinytown)\b/g, '').match(/[A-Za-z]{2,}[A-Za-z ]*/g) ?? [];
}
