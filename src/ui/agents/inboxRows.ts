/**
 * An agent's inbox as rows: each message with its receipt, in the order of handling, and settled messages below their own row.
 * Text from others is data: a row shows one stripped line, the tooltip shows all of it.
 */
import type { AgentView } from '../../loop/state/agentView.ts';
import type { Receipt } from '../../loop/state/receipt.ts';
import { SUPERVISOR_ID } from '../../town/keys.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import { oneLine } from '../../util/text.ts';
import type { Item, ItemIcon } from '../items.ts';
import type { Translate } from '../l10n.ts';
import { age } from '../needs/needsYouItems.ts';
import { tooltipText } from '../tooltip.ts';
import type { TownPicture, Waiting } from '../town/townPicture.ts';

/** Whether the inbox has anything to show: waiting messages, or messages that the agent has received. */
export function hasInbox(agent: AgentRecord, { owner, turn }: AgentView, waiting: Waiting): boolean {
  if (waiting.inbox + waiting.urgent + waiting.held + waiting.dead > 0) return true;
  // Nothing is known about messages that `tt` has taken.
  if (owner === 'external') return false;
  return agent.roundsCompleted > 0 || agent.state === 'working' || turn !== undefined;
}

/** The inbox's single row, collapsed at first. It says what needs a decision. */
export function inboxRows(agent: AgentRecord, picture: TownPicture, t: Translate): Item[] {
  const waiting = picture.waiting(agent.id);
  if (!hasInbox(agent, picture.view(agent.id), waiting)) return [];
  const { held, dead } = waiting;
  const label = t('Inbox');
  const description = inboxWords(waiting, t);
  return [
    {
      id: `agent/${agent.id}/inbox`,
      label,
      description,
      icon: held + dead > 0 ? { id: 'inbox', color: 'problemsWarningIcon.foreground' } : { id: 'inbox' },
      contextValue: `inbox;${held > 0 ? 'held;' : ''}${dead > 0 ? 'dead;' : ''}`,
      spoken: description ? `${label}, ${description}` : t('Inbox, nothing waits'),
      collapse: 'collapsed',
      agentId: agent.id,
      tooltip: () => inboxTooltip(waiting, t),
      ready: () => picture.firstReceipts(agent.id),
      children: () => messageRows(agent.id, picture, t),
    },
  ];
}

function inboxWords({ inbox, urgent, held, dead }: Waiting, t: Translate): string {
  const parts: string[] = [];
  if (inbox + urgent > 0) parts.push(t('{0} waiting', inbox + urgent));
  if (urgent > 0) parts.push(t('{0} urgent', urgent));
  if (held > 0) parts.push(t('{0} held', held));
  if (dead > 0) parts.push(t('{0} failed', dead));
  return parts.join(' · ');
}

function inboxTooltip({ held, dead }: Waiting, t: Translate): string {
  const lines = [t('Messages to this agent, in the order it handles them.')];
  if (held > 0) {
    lines.push(t('A turn was interrupted. Run its work again or discard it.'));
  }
  if (dead > 0) lines.push(t('Some messages failed. Retry or discard them.'));
  return lines.join('\n');
}

interface Context {
  agentId: string;
  /** Start of every row id. */
  prefix: string;
  picture: TownPicture;
  t: Translate;
}

function messageRows(agentId: string, picture: TownPicture, t: Translate): Item[] {
  const receipts = picture.receipts(agentId);
  if (!receipts) return [];
  const context: Context = { agentId, prefix: `agent/${agentId}/inbox`, picture, t };
  const current = receipts.filter(({ state }) => state !== 'settled');
  const settled = receipts.filter(({ state }) => state === 'settled');
  return distinct([
    ...heldTogether(current, context),
    ...moreRows(receipts, context),
    ...settledRows(settled, context),
  ]);
}

/** Makes row ids unique: a program that writes to Redis may use an id twice, but a tree must not. */
function distinct(items: readonly Item[]): Item[] {
  const times = new Map<string, number>();
  return items.map((item) => {
    const time = (times.get(item.id) ?? 0) + 1;
    times.set(item.id, time);
    return time === 1 ? item : { ...item, id: `${item.id}/${time}` };
  });
}

/** Groups a round's held messages, because a round is run again or discarded as a whole. */
function heldTogether(receipts: readonly Receipt[], context: Context): Item[] {
  const { t, agentId, prefix } = context;
  return receipts.flatMap((receipt, place) => {
    const { batchId, state } = receipt;
    const round = receipts.filter((one) => state === 'held' && one.state === 'held' && one.batchId === batchId);
    if (round.length < 2) return [messageRow(receipt, context)];
    if (receipts[place - 1]?.batchId === batchId) return [];
    const id = `${prefix}/round/${batchId ?? ''}`;
    const label = t('Round of {0} messages', round.length);
    const description = [stateWord(receipt, t), ageOf(receipt, context), reasonOf(receipt)].join(' · ');
    return [
      {
        id,
        label,
        description,
        icon: stateIcons.held,
        contextValue: 'receipt;held;',
        spoken: `${label}, ${description}`,
        collapse: 'collapsed',
        agentId,
        ...(batchId === undefined ? {} : { about: batchId }),
        children: () =>
          distinct(
            round.map((one) => ({ ...messageRow(one, { ...context, prefix: id }), contextValue: 'receipt;ofRound;' })),
          ),
      },
    ];
  });
}

/** The messages beyond those that are read at once. */
function moreRows(receipts: readonly Receipt[], { agentId, prefix, picture, t }: Context): Item[] {
  const { inbox, urgent } = picture.waiting(agentId);
  const more = inbox + urgent - receipts.filter(({ state }) => state === 'queued').length;
  // The counts and the receipts are read separately, so they can briefly disagree.
  if (more <= 0 || receipts.length < 100) return [];
  const label = t('and {0} more', more);
  return [
    {
      id: `${prefix}/more`,
      label,
      description: '',
      icon: { id: 'ellipsis' },
      contextValue: 'more;',
      spoken: label,
      collapse: 'none',
      agentId,
    },
  ];
}

function settledRows(settled: readonly Receipt[], context: Context): Item[] {
  if (settled.length === 0) return [];
  const { agentId, prefix, t } = context;
  const label = t('Settled');
  return [
    {
      id: `${prefix}/settled`,
      label,
      description: t('last {0}', settled.length),
      icon: stateIcons.settled,
      contextValue: 'settled;',
      spoken: t('Settled messages, the last {0}', settled.length),
      collapse: 'collapsed',
      agentId,
      children: () => distinct(settled.map((one) => messageRow(one, { ...context, prefix: `${prefix}/settled` }))),
    },
  ];
}

const stateIcons: Record<Receipt['state'], ItemIcon> = {
  queued: { id: 'mail' },
  sent: { id: 'send', color: 'charts.yellow' },
  delivered: { id: 'mail-read', color: 'charts.blue' },
  settled: { id: 'pass', color: 'charts.green' },
  held: { id: 'debug-pause', color: 'problemsWarningIcon.foreground' },
  dead: { id: 'warning', color: 'problemsWarningIcon.foreground' },
  uncertain: { id: 'question', color: 'charts.yellow' },
};

function messageRow(receipt: Receipt, context: Context): Item {
  const { agentId, prefix, t } = context;
  const { messageId, batchId, state, text, can, list } = receipt;
  const label = oneLine(text) || t('(an empty message)');
  const from = fromWord(receipt, context);
  const rest = [ageOf(receipt, context), reasonOf(receipt)];
  // The parent row already says "settled".
  const description = [...(state === 'settled' ? [] : [stateWord(receipt, t)]), from, ...rest];
  const about = state === 'held' ? batchId : messageId;
  return {
    id: `${prefix}/message/${messageId}`,
    label,
    description: description.filter(Boolean).join(' · '),
    icon: state === 'queued' && list === 'urgent' ? { id: 'compass', color: 'charts.yellow' } : stateIcons[state],
    contextValue: ['receipt', state, ...can, ''].join(';'),
    spoken: [label, stateWord(receipt, t), from && t('from {0}', from), ...rest].filter(Boolean).join(', '),
    collapse: 'none',
    agentId,
    ...(about === undefined ? {} : { about }),
    tooltip: () => tooltipOf(receipt, context),
    text: () => ({ text, prose: true }),
  };
}

function stateWord({ state, list, attempts }: Receipt, t: Translate): string {
  switch (state) {
    case 'queued': {
      if (attempts !== undefined && attempts > 0) return t('queued, attempt {0}', attempts + 1);
      if (attempts === 0) return t('queued again');
      return list === 'urgent' ? t('queued, urgent') : t('queued');
    }
    case 'sent':
      return t('sent');
    case 'delivered':
      return t('delivered');
    case 'settled':
      return t('settled');
    case 'held':
      return t('held');
    case 'dead':
      return t('failed');
    case 'uncertain':
      return t('uncertain');
  }
}

/** The sender's name, or empty if it is not known. */
function fromWord({ from }: Receipt, { picture, t }: Context): string {
  if (from === SUPERVISOR_ID) return t('you');
  return oneLine(picture.agents.get(from)?.name ?? from.slice(0, 8), 64);
}

/** Empty if the time is not known. */
function ageOf({ since }: Receipt, { picture, t }: Context): string {
  return since > 0 ? age(picture.now - since, t) : '';
}

function reasonOf({ reason = '' }: Receipt): string {
  return oneLine(reason, 80);
}

function tooltipOf(receipt: Receipt, context: Context): string {
  const { t } = context;
  const from = fromWord(receipt, context);
  const head = [stateWord(receipt, t), from && t('from {0}', from), ageOf(receipt, context)]
    .filter(Boolean)
    .join(' · ');
  const parts = [receipt.text.trim(), head];
  if (receipt.state === 'uncertain') {
    parts.push(
      t(
        'The window or process that handled this message is gone. Before the agent continues, its conversation is checked for the message.',
      ),
    );
  }
  if (receipt.reason !== undefined) parts.push(receipt.reason);
  return tooltipText(parts.join('\n\n'));
}
