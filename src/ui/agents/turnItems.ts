/** The rows of a turn: what the agent said, ran, changed and called, in order. Text from agents is data: stripped, on one line. */
import type { SteerView, TurnView } from '../../loop/state/agentView.ts';
import type { PlanStep } from '../../runtime/codingAgent.ts';
import type { FileChange, ItemStatus, TurnItem } from '../../runtime/turnItem.ts';
import { oneLine, startOf } from '../../util/text.ts';
import { changeLook, namesOf } from '../changeLook.ts';
import type { Item, ItemIcon } from '../items.ts';
import type { Translate } from '../l10n.ts';
import { fileName } from '../shownPath.ts';
import { tooltipText } from '../tooltip.ts';
import { commandEnd, statusWord, toolName } from '../turnWords.ts';

/** What a row needs to know about its parent. */
export interface TurnContext {
  agentId: string;
  turnId: string;
  /** Start of every row id, unique per turn. */
  prefix: string;
  t: Translate;
}

const statusIcons: Record<ItemStatus, ItemIcon> = {
  running: { id: 'sync~spin', color: 'charts.blue' },
  completed: { id: 'pass', color: 'charts.green' },
  failed: { id: 'error', color: 'problemsErrorIcon.foreground' },
  declined: { id: 'circle-slash', color: 'charts.yellow' },
  stopped: { id: 'debug-stop', color: 'charts.yellow' },
};

/**
 * The rows of a turn. Steers that have not shown up in it come last. Empty messages get no row.
 * @param asked The ids of items that wait for the person's approval.
 */
export function turnRows(
  turn: Pick<TurnView, 'items' | 'steers'>,
  context: TurnContext,
  asked: ReadonlySet<string> = new Set(),
): Item[] {
  const steers = new Map(turn.steers.map((steer) => [steer.clientId, steer]));
  const rows = turn.items.flatMap((item) =>
    item.kind === 'userMessage'
      ? [userRow(item, steers, context)]
      : knownRows(item, context).map((row) => (asked.has(item.id) ? waitingRow(row, context.t) : row)),
  );
  const seen = new Set(turn.items.map((item) => (item.kind === 'userMessage' ? item.clientId : null)));
  const unseen = turn.steers.filter((steer) => !seen.has(steer.clientId));
  return [...rows, ...unseen.map((steer) => steerRow(steer, context))];
}

/** Nothing runs and nothing has changed yet. */
function waitingRow(row: Item, t: Translate): Item {
  const description = t('waiting for you');
  const icon = { id: 'bell-dot', color: 'problemsWarningIcon.foreground' };
  return { ...row, description, icon, spoken: `${row.label}, ${description}` };
}

/** Items are immutable, so each one's rows are made once, however often the tree asks for them. */
const rowsOf = new WeakMap<TurnItem, { prefix: string; rows: Item[] }>();

function knownRows(item: Exclude<TurnItem, { kind: 'userMessage' }>, context: TurnContext): Item[] {
  const known = rowsOf.get(item);
  if (known?.prefix === context.prefix) return known.rows;
  const rows = turnRow(item, context);
  rowsOf.set(item, { prefix: context.prefix, rows });
  return rows;
}

function turnRow(item: Exclude<TurnItem, { kind: 'userMessage' }>, context: TurnContext): Item[] {
  const { t } = context;
  const base = { item, context };
  switch (item.kind) {
    case 'agentMessage':
      return textRow({ ...base, text: item.text, icon: { id: 'comment' }, who: t('Message') });
    case 'reasoning':
      return textRow({ ...base, text: item.text, icon: { id: 'lightbulb' }, who: t('Thought') });
    case 'subAgent':
      return textRow({ ...base, text: item.text, icon: { id: 'organization' }, who: t('Sub-agent') });
    case 'command':
      return [commandRow(item, context)];
    case 'fileChange':
      return item.changes.map((change, index) => fileRow({ change, index, item, context }));
    case 'toolCall': {
      const name = toolName(item);
      return [
        row(item, context, {
          label: oneLine(name),
          description: oneLine(item.arguments, 80),
          icon: item.status === 'completed' ? { id: 'tools' } : statusIcons[item.status],
          spoken: t('Tool {0}, {1}', oneLine(name), statusWord(item.status, t)),
          tooltip: () => tooltipText([name, item.arguments, item.result ?? ''].filter(Boolean).join('\n\n')),
          text: () => ({ text: [name, item.arguments, item.result ?? ''].filter(Boolean).join('\n\n') }),
        }),
      ];
    }
    case 'webSearch':
      return [
        row(item, context, {
          label: oneLine(item.query) || t('Web search'),
          description: '',
          icon: { id: 'search' },
          spoken: t('Web search: {0}', oneLine(item.query)),
          text: () => ({ text: item.query }),
        }),
      ];
    case 'other':
      return [
        row(item, context, {
          label: oneLine(item.type),
          description: statusWord(item.status, t),
          icon: { id: 'circle-small' },
          spoken: oneLine(item.type),
        }),
      ];
  }
}

type Row = Pick<Item, 'label' | 'description' | 'icon' | 'spoken' | 'tooltip' | 'text' | 'copies'>;

function row(item: TurnItem, context: TurnContext, look: Row): Item {
  return {
    id: `${context.prefix}/${item.id}`,
    contextValue: `turnItem;${item.kind};`,
    collapse: 'none',
    agentId: context.agentId,
    ...look,
  };
}

function textRow(options: { item: TurnItem; context: TurnContext; text: string; icon: ItemIcon; who: string }): Item[] {
  const { item, context, text, icon, who } = options;
  const label = oneLine(text);
  if (!label) return [];
  const look = { label, description: '', icon, spoken: `${who}: ${label}`, tooltip: () => tooltipText(text) };
  return [row(item, context, { ...look, text: () => ({ text, prose: true }) })];
}

/** What was sent to the agent: a steer in its own words, a round as "Prompt" with its first words, anything else as it is. */
function userRow(
  item: TurnItem & { kind: 'userMessage' },
  steers: ReadonlyMap<string, SteerView>,
  context: TurnContext,
): Item {
  const { t } = context;
  const steer = item.clientId === null ? undefined : steers.get(item.clientId);
  if (steer) return steerRow({ ...steer, state: 'delivered' }, context);
  const words = wordsOf(item.text);
  const isRound = item.clientId !== null;
  return row(item, context, {
    label: isRound ? t('Prompt') : words,
    description: isRound ? words : '',
    icon: { id: 'account' },
    spoken: t('Sent: {0}', words),
    tooltip: () => tooltipText(item.text),
    text: () => ({ text: item.text }),
  });
}

/** How much of a prompt is searched for its first words, in UTF-16 units. */
const LOOKED_AT = 2_000;

/** A prompt's words on one line, without headings and fences. */
function wordsOf(text: string): string {
  const said = startOf(text, LOOKED_AT)
    .split('\n')
    .filter((line) => !/^(?:#{2,3} |`{3,}$)/.test(line));
  return oneLine(said.join(' ')) || oneLine(text);
}

function steerRow(steer: SteerView, context: TurnContext): Item {
  const { t } = context;
  const words = { sent: t('sent'), delivered: t('delivered') };
  const label = oneLine(steer.text);
  return {
    id: `${context.prefix}/steer/${steer.clientId}`,
    label,
    description: words[steer.state],
    icon: { id: 'compass', color: steer.state === 'sent' ? 'charts.yellow' : 'charts.green' },
    contextValue: 'steer;',
    spoken: t('Steer: {0}, {1}', label, words[steer.state]),
    collapse: 'none',
    agentId: context.agentId,
    tooltip: () => tooltipText(steer.text),
    text: () => ({ text: steer.text }),
  };
}

function commandRow(item: TurnItem & { kind: 'command' }, context: TurnContext): Item {
  const { t } = context;
  const state = item.exitCode === null ? statusWord(item.status, t) : t('exit {0}', item.exitCode);
  const end = commandEnd(item, t);
  return row(item, context, {
    label: oneLine(item.command),
    description: end,
    icon: statusIcons[item.exitCode ? 'failed' : item.status],
    spoken: t('Command {0}, {1}', oneLine(item.command), state),
    tooltip: () => tooltipText([item.command, item.cwd, item.output].join('\n\n')),
    text: () => ({ text: [`$ ${item.command}`, item.cwd, item.output.trimEnd(), end].filter(Boolean).join('\n\n') }),
    copies: () => item.command,
  });
}

function fileRow(options: { change: FileChange; index: number; item: TurnItem; context: TurnContext }): Item {
  const { change, index, item, context } = options;
  const { t } = context;
  const { word, icon } = changeLook(change, t);
  const names = namesOf(change);
  const name = fileName(names.at(-1) ?? '');
  const done = item.status === 'completed';
  return {
    id: `${context.prefix}/${item.id}/${index}`,
    label: name,
    description: done ? word : `${word} · ${statusWord(item.status, t)}`,
    icon: done ? { id: icon } : statusIcons[item.status],
    contextValue: 'turnItem;fileChange;',
    spoken: t('File {0}, {1}', name, word),
    collapse: 'none',
    agentId: context.agentId,
    changes: { turn: context.turnId, item: item.id, change: index },
    ...(change.change === 'delete' ? {} : { opens: change.movedTo ?? change.path }),
    text: () => ({ text: `${names.join(' → ')}\n\n${change.diff}` }),
    copies: () => names.at(-1) ?? '',
    tooltip: () => tooltipText(`${names.map((one) => oneLine(one, 300)).join(' → ')}\n\n${change.diff}`),
  };
}

/** The plan of a turn as one row with its steps below. */
export function planRow(steps: readonly PlanStep[], context: TurnContext): Item[] {
  if (steps.length === 0) return [];
  const { t, prefix, agentId } = context;
  const done = steps.filter((step) => step.status === 'completed').length;
  const icons = { pending: 'circle-large-outline', inProgress: 'arrow-circle-right', completed: 'pass' };
  const words = { pending: t('to do'), inProgress: t('in progress'), completed: t('done') };
  return [
    {
      id: `${prefix}/plan`,
      label: t('Plan'),
      description: t('{0} of {1} done', done, steps.length),
      icon: { id: 'checklist' },
      contextValue: 'plan;',
      spoken: t('Plan, {0} of {1} steps done', done, steps.length),
      collapse: 'collapsed',
      agentId,
      children: () =>
        steps.map((step, index) => ({
          id: `${prefix}/plan/${index}`,
          label: oneLine(step.step),
          description: step.status === 'inProgress' ? words.inProgress : '',
          icon: { id: icons[step.status] },
          contextValue: 'planStep;',
          spoken: `${oneLine(step.step)}, ${words[step.status]}`,
          collapse: 'none',
          agentId,
          tooltip: () => tooltipText(step.step),
          text: () => ({ text: step.step }),
        })),
    },
  ];
}
