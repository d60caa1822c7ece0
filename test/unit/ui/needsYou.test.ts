/** What needs the person, as rows, and the small rules of answering. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import type { SupervisorMessage } from '../../../src/loop/actions/personInbox.ts';
import type { AgentRequest, RequestChoice } from '../../../src/runtime/agentRequest.ts';
import { type AgentView, emptyView } from '../../../src/loop/state/agentView.ts';
import { SUPERVISOR_ID } from '../../../src/town/keys.ts';
import type { TaskRecord } from '../../../src/town/records/records.ts';
import { agentItems } from '../../../src/ui/agents/agentItems.ts';
import type { Claim } from '../../../src/loop/trust/confirmations.ts';
import { type Need, actionsOf, needsOf, waitingCount } from '../../../src/ui/needs/needs.ts';
import { NeedsFeed } from '../../../src/ui/needs/needsFeed.ts';
import type { TownHost } from '../../../src/ui/town/townHost.ts';
import { age, needsYouItems, wholeText } from '../../../src/ui/needs/needsYouItems.ts';
import { agentRecord, drawn, english, flat, picture, type Scene, taskRecord } from './support.ts';

const now = Date.parse('2026-01-02T04:00:00Z');
const minutesAgo = (minutes: number): number => now - minutes * 60_000;

const approve: RequestChoice = { id: 'a', label: 'approve', detail: null };
const session: RequestChoice = { id: 's', label: 'approveForSession', detail: null };
const decline: RequestChoice = { id: 'd', label: 'decline', detail: null };

type Body<K extends AgentRequest['kind']> = Omit<Extract<AgentRequest, { kind: K }>, keyof typeof common | 'choices'>;
const common = { id: 'r1', turnId: 't', itemId: 'i', askedAt: minutesAgo(2), subAgent: null };

function asked<K extends AgentRequest['kind']>(body: Body<K>, rest: Partial<AgentRequest> = {}): AgentRequest {
  // One of the union by its kind, which the compiler does not follow through the spread.
  return { ...common, choices: [approve, session, decline], ...body, ...rest } as AgentRequest;
}

const command = (text: string, rest: Partial<AgentRequest> = {}): AgentRequest =>
  asked<'command'>(
    { kind: 'command', command: text, cwd: '/w', reason: 'to test', input: false, permissions: ['network'] },
    rest,
  );
const change = asked<'fileChange'>({
  kind: 'fileChange',
  reason: null,
  changes: [
    { path: 'src/lamp.ts', change: 'update', diff: '--- a\n+++ b\n@@ -1,2 +1,2 @@\n-off\n+on\n+bright\n same' },
    { path: 'new.txt', change: 'add', diff: 'text\n' },
  ],
});
const question = asked<'question'>(
  {
    kind: 'question',
    blocking: true,
    questions: [
      {
        id: 'q',
        header: 'Colour',
        question: 'Which colour?',
        options: [{ label: 'Red', description: 'warm' }],
        freeText: true,
        secret: false,
      },
    ],
  },
  { choices: [decline] },
);
const form = asked<'elicitation'>({
  kind: 'elicitation',
  server: 'travel',
  message: 'Where to?',
  arguments: null,
  form: [],
  url: null,
});

function message(id: string, fields: Partial<SupervisorMessage> = {}): SupervisorMessage {
  const text = 'Shall I go on?';
  return {
    id,
    from: 'id-a',
    fromName: 'a',
    result: undefined,
    at: minutesAgo(5),
    type: 'query',
    text,
    taskId: undefined,
    asks: true,
    ...fields,
  };
}

const over = (id: string, fields: Partial<SupervisorMessage>): SupervisorMessage =>
  message(id, { asks: false, text: 'task t is done: as was asked', ...fields });

function needs(scene: Scene, messages: SupervisorMessage[] = []): Need[] {
  return needsOf(picture(scene), messages);
}

const rows = (scene: Scene, messages: SupervisorMessage[] = []): string[] =>
  drawn(needsYouItems(needs(scene, messages), { now, t: english }));

const everything: Scene = {
  agents: [
    agentRecord('a'),
    agentRecord('b', { lastActiveAt: '2026-01-02T03:50:00Z' }),
    agentRecord('c', { state: 'error', lastError: 'It broke.', lastActiveAt: '2026-01-02T01:00:00Z' }),
  ],
  waiting: { b: { held: 1, dead: 2 } },
  views: { a: { requests: [command('npm test'), { ...change, id: 'r2', askedAt: minutesAgo(1) }] } },
};

/** What a click on each row below a request's row runs. */
function clicks(request: AgentRequest): unknown[] {
  const scene = { agents: [agentRecord('a')], views: { a: { requests: [request] } } };
  const [, ...details] = flat(needsYouItems(needs(scene), { t: english, now }));
  return details.map(({ runs }) => [runs?.command, ...(runs?.arguments ?? [])]);
}

function keyOf(request: AgentRequest): string | undefined {
  return needs({ agents: [agentRecord('a')], views: { a: { requests: [request] } } })[0]?.key;
}

describe('the view of what needs you', () => {
  it('is told of anew once the task is known that a message is about', async () => {
    const tasks = new Map<string, TaskRecord>();
    const nothing = { dispose: () => undefined };
    const session = {
      mirror: { agents: new Map(), tasks, waiting: () => ({}), refresh: async () => undefined },
      runner: { view: () => emptyView('persistent') },
      past: { within: (view: AgentView) => view },
      trust: { refused: () => [], confirmations: { onDidChange: () => nothing } },
      redisClaims: [],
      actions: { personInbox: { supervisorMessages: async () => [message('m', { type: 'task_done', taskId: 't1' })] } },
    };
    const host = {
      ready: session,
      session: async () => session,
      whileReady: () => nothing,
      onDidChange: () => nothing,
    };
    // Only what the feed asks for.
    const feed = new NeedsFeed(host as unknown as TownHost, assert.fail);
    let told = 0;
    feed.onDidChange(() => (told += 1));
    await feed.refresh();
    await feed.refresh();
    assert.equal(told, 1);
    tasks.set('t1', taskRecord('t1', 'Light the lamps'));
    await feed.refresh();
    assert.equal(told, 2);
    feed.dispose();
  });

  it('says what a file that is renamed will be called', () => {
    const changes = [{ path: 'src/lamp.ts', movedTo: 'lib/light.ts', change: 'update' as const, diff: '' }];
    const moved = asked<'fileChange'>({ kind: 'fileChange', reason: null, changes });
    const needs = needsOf(picture({ agents: [agentRecord('a')], views: { a: { requests: [moved] } } }), []);
    const [row, file, folder] = flat(needsYouItems(needs, { t: english }));
    assert.equal(row?.label, 'Rename lamp.ts to light.ts');
    assert.deepEqual(
      [file?.label, file?.description, file?.spoken, file?.icon.id],
      ['lamp.ts → light.ts', 'renamed · +0 −0', 'src/lamp.ts → lib/light.ts, renamed · +0 −0', 'diff-renamed'],
    );
    assert.equal(folder?.label, 'src → lib');
    assert.match(needs.map((need) => wholeText(need, english)).join(), /^Rename src\/lamp\.ts to lib\/light\.ts/);
  });

  it('is empty where nothing waits', () => {
    assert.deepEqual(rows({ agents: [agentRecord('a', { state: 'working' })] }), []);
  });

  it('shows all that waits, oldest first, with agent and age, and below it what one has to know', () => {
    assert.deepEqual(rows(everything, [message('m')]), [
      'error c: It broke. · 3 h',
      'debug-rerun b: Interrupted: run again or discard? · 10 min',
      'warning b: 2 messages failed · 10 min',
      'mail a: Shall I go on? · 5 min',
      'terminal a: Run npm test · 2 min',
      '  chevron-right npm test',
      '  shield network',
      '  folder /w',
      '  comment to test',
      'diff a: Change 2 files · 1 min',
      '  diff-modified lamp.ts · changed · +2 −1',
      '  folder src',
      '  diff-added new.txt · added',
    ]);
    assert.equal(waitingCount(needs(everything, [message('m')])), 6);
  });

  it('keeps what only wants to be read under one row at the end, and does not count it', () => {
    const read = message('m', { asks: false, at: 0, text: 'All done.' });
    const scene = { agents: [agentRecord('a')], views: { a: { requests: [question] } } };
    assert.deepEqual(rows(scene, [read]), [
      'question a: Which colour? · 2 min',
      '  circle-small Red · warm',
      'inbox To read · ● 1',
      '  mail a: All done. · 20455 d',
    ]);
    assert.equal(waitingCount(needs(scene, [read])), 1);
    assert.deepEqual(
      needs(scene, [read]).map(({ kind }) => kind),
      ['request', 'message'],
    );
  });

  it('says what came of a task first, then which task it was, as far as that is known; never an id', () => {
    const scene = { agents: [agentRecord('a')], tasks: [taskRecord('t', 'Light the lamp')] };
    const told = [
      over('1', { type: 'task_done', taskId: 'T', result: 'All lamps burn.\nTwo are new.' }),
      over('2', { type: 'task_failed', taskId: 't', result: 'No oil.' }),
      over('3', { type: 'task_done', taskId: 'gone', result: 'as was asked' }),
      over('4', { type: 'task_done', taskId: 't', result: ' ' }),
      over('5', { type: 'task_done', taskId: 'gone', result: '' }),
    ];
    assert.deepEqual(rows(scene, told), [
      'inbox To read · ● 5',
      '  mail a: Done: All lamps burn. Two are new. · Light the lamp · 5 min',
      '  mail a: Failed: No oil. · Light the lamp · 5 min',
      '  mail a: Done: as was asked · 5 min',
      '  mail a: Done: Light the lamp · Light the lamp · 5 min',
      '  mail a: Done · 5 min',
    ]);
    const [first] = needs(scene, told);
    assert.equal(first && wholeText(first, english), 'All lamps burn.\nTwo are new.\n\nLight the lamp');
  });

  it('says which messages were held or have failed, from whom, and why', () => {
    const receipt = { batchId: 'b', type: 'task', list: 'inbox', since: 0, can: [] } as const;
    const scene: Scene = {
      agents: [agentRecord('a'), agentRecord('b')],
      waiting: { a: { held: 1, dead: 1 } },
      receipts: {
        a: [
          { ...receipt, messageId: '1', from: SUPERVISOR_ID, text: 'Go on', state: 'queued' },
          {
            ...receipt,
            messageId: '2',
            from: SUPERVISOR_ID,
            text: 'Bake\nbread',
            state: 'held',
            reason: 'Interrupted.',
          },
          { ...receipt, messageId: '3', from: 'id-b', text: 'Boil', state: 'dead', reason: '400 no' },
        ],
      },
    };
    const shown = rows(scene);
    assert.deepEqual(
      shown.filter((line) => line.startsWith('  ')),
      ['  mail Bake bread · from you · Interrupted.', '  mail Boil · from b · 400 no'],
    );
    const [, message] = flat(needsYouItems(needs(scene), { t: english, now }));
    assert.deepEqual([message?.runs, message?.text?.()], [undefined, { text: 'Bake\nbread', prose: true }]);
  });

  it('marks what was not opened yet, and counts only what needs an answer', () => {
    const scene = { agents: [agentRecord('a')] };
    const told = [over('1', { text: 'One.' }), over('2', { text: 'Two.' })];
    const shown = (read: string[]): string[] =>
      drawn(needsYouItems(needs(scene, told), { t: english, now, isRead: (id) => read.includes(id) }));
    assert.deepEqual(shown(['2']), ['inbox To read · ● 1', '  mail a: One. · 5 min', '  mail-read a: Two. · 5 min']);
    assert.deepEqual(shown(['1', '2'])[0], 'inbox To read');
    assert.equal(waitingCount(needs(scene, told)), 0);
  });

  it('hides nothing of a command: controls and directions are spelled out, icons and markup are text', () => {
    const nasty = 'rm -rf / # \u202egnihton\u001b[8m $(check) [x](command:y)';
    const [item] = needsYouItems(needs({ ...everything, views: { a: { requests: [command(nasty)] } } }), {
      now,
      t: english,
    }).slice(-1);
    const shown = 'rm -rf / # \\u{202e}gnihton\\u{1b}[8m $(check) [x](command:y)';
    assert.equal(item?.label, `a: Run ${shown}`);
    assert.ok(item.tooltip?.().startsWith(`From a\n\n${shown}`), item.tooltip?.());
  });

  it('shows the whole text when asked for, however long', () => {
    const long = 'x'.repeat(50_000);
    const [need] = needs({ agents: [agentRecord('a')], views: { a: { requests: [command(long)] } } });
    assert.ok(need && wholeText(need, english).includes(long));
  });

  it('gives every row an id of its own, a sentence for screen readers, and what a click does', () => {
    const items = needsYouItems(needs(everything, [message('m'), message('n', { asks: false })]), { now, t: english });
    const all = flat(items);
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
    for (const { spoken, label } of all) assert.ok(spoken.length > 0, label);
    for (const item of items.slice(0, -1)) {
      assert.match(item.spoken, /: .*, from [abc], /);
      assert.equal(item.runs?.command, 'tinytown.openRequest');
    }
    const again = needsYouItems(needs(everything, [message('m')]), { now: now + 3_600_000, t: english });
    assert.deepEqual(
      again.map(({ id }) => id),
      items.slice(0, -1).map(({ id }) => id),
    );
  });

  it('answers with a clicked option; where there are more questions, a click asks them all', () => {
    assert.deepEqual(clicks(question), [['tinytown.answer', { need: keyOf(question), option: 'Red' }]]);
    const [first] = question.kind === 'question' ? question.questions : [];
    assert.ok(first);
    const two = { ...question, questions: [first, { ...first, id: 'p' }] } as AgentRequest;
    assert.deepEqual(
      new Set(clicks(two).map((click) => JSON.stringify(click))),
      new Set([JSON.stringify(['tinytown.openRequest', { need: keyOf(two) }])]),
    );
  });

  it('does not say where a command runs that runs in the town’s folder', () => {
    const scene = { agents: [agentRecord('a')], views: { a: { requests: [command('x')] } } };
    const labels = (folder: string): string[] =>
      flat(needsYouItems(needs(scene), { t: english, folder })).map(({ label }) => label);
    assert.deepEqual(labels('/w'), ['Run x', 'x', 'network', 'to test']);
    assert.deepEqual(labels('/other'), ['Run x', 'x', 'network', '/w', 'to test']);
  });

  it('is a list of closed rows when much waits', () => {
    const requests = Array.from({ length: 6 }, (_, index) => command('true', { id: `r${index}` }));
    const items = needsYouItems(needs({ agents: [agentRecord('a')], views: { a: { requests } } }), { now, t: english });
    assert.deepEqual(new Set(items.map(({ collapse }) => collapse)), new Set(['collapsed']));
  });

  it('says ages in whole units', () => {
    const table: [number, string][] = [
      [-5, 'just now'],
      [59_999, 'just now'],
      [60_000, '1 min'],
      [3_600_000, '1 h'],
      [172_800_000, '2 d'],
    ];
    for (const [ms, words] of table) assert.equal(age(ms, english), words);
  });
});

function can(request: AgentRequest): string[] {
  return needs({ agents: [agentRecord('a')], views: { a: { requests: [request] } } }).flatMap(actionsOf);
}

describe('a refused sign-in', () => {
  const scene: Scene = {
    agents: [agentRecord('a', { lastActiveAt: '2026-01-02T03:58:00Z' }), agentRecord('b'), agentRecord('c')],
    views: { a: { waitsForSignIn: true }, b: { waitsForSignIn: true } },
    waiting: { a: { inbox: 1 } },
  };

  it('is one thing to do, for however many agents', () => {
    assert.deepEqual(rows(scene), ['account Sign in to Codex · 2 min']);
    const [need] = needs(scene);
    assert.ok(need);
    assert.match(wholeText(need, english), /2 agents wait/);
    assert.deepEqual(actionsOf(need), ['openRequest']);
  });

  it('shows in the row of an agent that has something to do', () => {
    assert.deepEqual(
      agentItems(picture(scene), english).map(({ description }) => description),
      ['idle, waits for sign-in', 'idle', 'idle'],
    );
  });
});

describe('what a folder asks for', () => {
  const program: Claim = { kind: 'program', cli: 'mine', command: 'mine --all\u202e', env: { KEY: 'value' } };
  const setting: Claim = { kind: 'setting', name: 'codex.sandbox', value: 'danger-full-access' };
  const scene = (answer: 'open' | 'declined'): Scene => ({
    agents: [agentRecord('a'), agentRecord('b'), agentRecord('c')],
    views: { a: { program: { claim: program, answer } }, b: { program: { claim: program, answer } } },
    claims: [{ claim: setting, answer }],
  });

  it('is asked for once a value, and says for whom', () => {
    assert.deepEqual(rows(scene('open')), [
      'shield Use codex.sandbox: danger-full-access, set by the folder',
      'shield a, b: Run mine --all\\u{202e}',
    ]);
    assert.deepEqual(needs(scene('open')).map(actionsOf), [
      ['allowHere', 'dontAllow', 'openRequest'],
      ['allowHere', 'dontAllow', 'openRequest'],
    ]);
  });

  it('stays in sight once it was declined, to be allowed all the same', () => {
    assert.deepEqual(rows(scene('declined')), [
      'shield Use codex.sandbox: danger-full-access, set by the folder · not allowed',
      'shield a, b: Run mine --all\\u{202e} · not allowed',
    ]);
    assert.deepEqual(needs(scene('declined')).map(actionsOf), [
      ['allowHere', 'openRequest'],
      ['allowHere', 'openRequest'],
    ]);
    assert.equal(waitingCount(needs(scene('declined'))), 0);
  });

  it('is shown whole: command, environment, and what it means', () => {
    const text = needs(scene('open')).map((need) => wholeText(need, english));
    assert.match(text[0] ?? '', /^codex\.sandbox: danger-full-access\n/);
    assert.match(text[1] ?? '', /^mine --all\\u\{202e\}\n\nWith these environment variables:\nKEY=value\n/);
  });

  it('shows on the agents that wait for it', () => {
    const items = agentItems(picture(scene('open')), english);
    assert.deepEqual(
      items.map(({ description }) => description),
      ['idle, program needs approval', 'idle, program needs approval', 'idle'],
    );
    assert.match(items[0]?.children?.()[0]?.contextValue ?? '', /^need;claim;.*;allowHere;/);
    assert.equal(agentItems(picture(scene('declined')), english)[0]?.description, 'idle, program not allowed');
  });
});

describe('what can be done about it', () => {
  it('is what the server allows, and nothing more', () => {
    assert.deepEqual(can(command('x')), [
      'approve',
      'approveForSession',
      'decline',
      'declineAndSay',
      'answer',
      'openRequest',
    ]);
    assert.deepEqual(can(command('x', { choices: [approve, decline] })), [
      'approve',
      'decline',
      'declineAndSay',
      'answer',
      'openRequest',
    ]);
    assert.deepEqual(can(question), ['decline', 'declineAndSay', 'answer', 'openRequest']);
    assert.deepEqual(can(form), ['decline', 'declineAndSay', 'answer', 'openRequest']);
    assert.deepEqual(can({ ...form, url: 'https://x', form: null } as AgentRequest), [
      'decline',
      'declineAndSay',
      'answer',
      'openRequest',
    ]);
  });

  it('is a reply only where somebody is there to get it', () => {
    const [known, gone] = needs({ agents: [agentRecord('a')] }, [message('m'), message('n', { from: 'id-x' })]).map(
      actionsOf,
    );
    assert.deepEqual(known, ['answer', 'reply', 'dismissMessage', 'openRequest']);
    assert.deepEqual(gone, ['dismissMessage', 'openRequest']);
  });

  it('is on at most three buttons of a row, each at its place', async () => {
    const file = path.resolve(import.meta.dirname, '../../../package.json');
    const manifest = z.object({
      contributes: z.object({
        menus: z.record(
          z.string(),
          z.array(z.object({ command: z.string(), when: z.string(), group: z.optional(z.string()) })),
        ),
      }),
    });
    const { menus } = manifest.parse(JSON.parse(await readFile(file, 'utf8'))).contributes;
    const inline = menus['view/item/context']?.filter(({ group }) => group?.startsWith('inline')) ?? [];
    const scene = {
      ...everything,
      views: { a: { requests: [command('x'), { ...question, id: 'q' }, { ...form, id: 'f' }] } },
    };
    const items = needsYouItems(needs(scene, [message('m'), message('n', { asks: false })]), {
      now,
      t: english,
      isOpen: () => true,
    });
    const buttons = items.map((item) =>
      inline
        .filter(({ when }) => /needsYou/.test(when))
        .filter(({ when }) => new RegExp(/viewItem =~ \/(.*)\//.exec(when)?.[1] ?? '$^').test(item.contextValue))
        .toSorted((a, b) => (a.group ?? '').localeCompare(b.group ?? ''))
        .map(({ command: id }) => id.replace('tinytown.', '')),
    );
    assert.deepEqual(buttons, [
      ['restartAgent', 'showOutput'],
      ['runAgain', 'dismissHeld'],
      ['retryDead', 'dismissDead'],
      ['reply', 'dismissMessage'],
      ['approve', 'decline', 'openRequest'],
      ['answer', 'decline'],
      ['answer', 'decline'],
      ['dismissMessage'],
    ]);
  });
});

describe('an agent that waits for you', () => {
  it('says so in the agents tree, with what it asks for below it', () => {
    const tree = agentItems(
      picture({ agents: [agentRecord('a', { state: 'working' })], views: { a: { requests: [command('npm test')] } } }),
      english,
    );
    assert.deepEqual(drawn(tree).slice(0, 2), ['bell-dot a · waiting for you', '  terminal Run npm test']);
    // What would be approved stands in rows that are closed.
    assert.match(flat(tree)[1]?.contextValue ?? '', /^need;request;command;decline;/);
  });
});
