/** An agent's inbox, as rows. */
import assert from 'node:assert/strict';
import type { Receipt } from '../../../src/loop/state/receipt.ts';
import { SUPERVISOR_ID } from '../../../src/town/keys.ts';
import { agentItems } from '../../../src/ui/agents/agentItems.ts';
import type { Item } from '../../../src/ui/items.ts';
import { type Scene, agentRecord, drawn, english, flat, picture } from './support.ts';

const now = 10 * 60_000;
let numbers = 0;

function receipt(text: string, fields: Partial<Receipt> = {}): Receipt {
  numbers += 1;
  return {
    messageId: `m${numbers}`,
    batchId: undefined,
    from: SUPERVISOR_ID,
    type: 'task',
    text,
    list: 'inbox',
    state: 'queued',
    since: now - 120_000,
    can: [],
    ...fields,
  };
}

function inboxOf(receipts: Receipt[], waiting: NonNullable<Scene['waiting']>[string] = { inbox: 1 }): Item {
  const agents = [agentRecord('scout'), agentRecord('docs')];
  const items = agentItems(
    picture({ agents, now, waiting: { scout: waiting }, receipts: { scout: receipts } }),
    english,
  );
  const inbox = flat(items).find(({ id }) => id === 'agent/id-scout/inbox');
  assert.ok(inbox);
  return inbox;
}

const rows = (receipts: Receipt[]): string[] => drawn(inboxOf(receipts).children?.() ?? []);

describe('the rows of an inbox', () => {
  it('are there once anything was in it', () => {
    const agents = [
      agentRecord('new'),
      agentRecord('mine'),
      agentRecord('old', { roundsCompleted: 1 }),
      agentRecord('waits', { state: 'cold' }),
      agentRecord('tt', { roundsCompleted: 1 }),
    ];
    const views = { tt: { owner: 'external' }, mine: { owner: 'here' } } as const;
    const items = agentItems(picture({ agents, views, waiting: { waits: { inbox: 1 } } }), english);
    const shown = items.map(({ label, children }) => [label, children?.().some((row) => row.label === 'Inbox')]);
    assert.deepEqual(shown, [
      ['mine', false],
      ['new', false],
      ['old', true],
      ['tt', false],
      ['waits', true],
    ]);
  });

  it('tell at a glance what waits and what needs a decision', () => {
    const closed = inboxOf([], { inbox: 2, urgent: 1, held: 1, dead: 2 });
    assert.equal(closed.description, '3 waiting · 1 urgent · 1 held · 2 failed');
    assert.deepEqual(closed.icon, { id: 'inbox', color: 'problemsWarningIcon.foreground' });
    assert.equal(closed.contextValue, 'inbox;held;dead;');
    assert.equal(closed.collapse, 'collapsed');
    assert.equal(inboxOf([], { inbox: 1 }).icon.color, undefined);
  });

  it('show each message with its state, its sender and its age; those that are over below', () => {
    assert.deepEqual(
      rows([
        receipt('on its way', { state: 'sent', batchId: 'b' }),
        receipt('in the thread', { state: 'delivered', batchId: 'b' }),
        receipt('lost its owner', { state: 'uncertain', batchId: 'b' }),
        receipt('now!', { list: 'urgent', from: 'id-docs' }),
        receipt('later', { since: now - 10_000 }),
        receipt('again', { attempts: 2 }),
        receipt('put back', { list: 'urgent', attempts: 0 }),
        receipt('cut off', { state: 'held', batchId: 'h', reason: 'The turn was interrupted.' }),
        receipt('hopeless', { state: 'dead', reason: '400\nno', attempts: 3 }),
        receipt('{broken', { type: 'unreadable', from: '', since: 0 }),
        receipt('done', { state: 'settled', batchId: 'a' }),
      ]),
      [
        'send on its way · sent · you · 2 min',
        'mail-read in the thread · delivered · you · 2 min',
        'question lost its owner · uncertain · you · 2 min',
        'compass now! · queued, urgent · docs · 2 min',
        'mail later · queued · you · just now',
        'mail again · queued, attempt 3 · you · 2 min',
        'compass put back · queued again · you · 2 min',
        'debug-pause cut off · held · you · 2 min · The turn was interrupted.',
        'warning hopeless · failed · you · 2 min · 400 no',
        'mail {broken · queued',
        'pass Settled · last 1',
        '  pass done · you · 2 min',
      ],
    );
  });

  it('keep the messages of a held round together: they are decided on as a whole', () => {
    const held = { state: 'held', batchId: 'h1', reason: 'The turn was interrupted.' } as const;
    const items = inboxOf([receipt('one', held), receipt('two', held), receipt('alone', { ...held, batchId: 'h2' })]);
    const [round, alone] = items.children?.() ?? [];
    assert.deepEqual(drawn(round ? [round] : []), [
      'debug-pause Round of 2 messages · held · 2 min · The turn was interrupted.',
      '  debug-pause one · held · you · 2 min · The turn was interrupted.',
      '  debug-pause two · held · you · 2 min · The turn was interrupted.',
    ]);
    assert.deepEqual([round?.about, round?.contextValue], ['h1', 'receipt;held;']);
    assert.deepEqual([alone?.about, alone?.contextValue], ['h2', 'receipt;held;']);
    assert.equal(round?.children?.()[0]?.contextValue, 'receipt;ofRound;');
  });

  it('offer what can be done with a message, by its id', () => {
    const can = ['editQueued', 'promoteQueued'] as const;
    const waiting = receipt('go', { can });
    const dead = receipt('no', { state: 'dead', reason: 'x', attempts: 3 });
    const [queued, given] = inboxOf([waiting, dead]).children?.() ?? [];
    assert.deepEqual(
      [queued?.about, queued?.contextValue],
      [waiting.messageId, 'receipt;queued;editQueued;promoteQueued;'],
    );
    assert.deepEqual([given?.about, given?.contextValue], [dead.messageId, 'receipt;dead;']);
    assert.equal(queued?.agentId, 'id-scout');
  });

  it('have ids of their own, even where a writer has used an id twice', () => {
    const twice = receipt('twice');
    const settled = { ...twice, state: 'settled' } as const;
    const held = { ...twice, state: 'held', batchId: 'h' } as const;
    const items = flat([inboxOf([twice, twice, held, held, settled, settled])]);
    assert.equal(new Set(items.map(({ id }) => id)).size, items.length);
  });

  it('show what others wrote as text: one line, and whole in the tooltip', () => {
    const evil = 'a\u001b[31mb\u0007c\u202ed\n[x](command:y)';
    const [row] = inboxOf([receipt(evil, { state: 'dead', reason: evil })]).children?.() ?? [];
    assert.equal(row?.label, 'abcd [x](command:y)');
    assert.match(row.tooltip?.() ?? '', /^abcd\n\[x\]\(command:y\)\n\nfailed · from you · 2 min\n\nabcd/);
    // oxlint-disable-next-line no-control-regex -- finding them is the purpose
    for (const text of [row.description, row.spoken]) assert.doesNotMatch(text, /[\u0000-\u001f\u202e]/);
  });

  it('say how many more wait than were read', () => {
    const many = Array.from({ length: 200 }, () => receipt('x'));
    const items = inboxOf(many, { inbox: 250 }).children?.() ?? [];
    assert.equal(items.at(-1)?.label, 'and 50 more');
  });
});
