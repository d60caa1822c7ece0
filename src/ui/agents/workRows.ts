/** The work of an agent that this window does not run: its last words, tools and turn ends, as its owner reports them. */
import type { AgentView } from '../../loop/state/agentView.ts';
import type { WatchedWork, WorkLine } from '../../loop/state/watchedWork.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import { oneLine, stripControls } from '../../util/text.ts';
import type { Item, ItemIcon, RowText } from '../items.ts';
import type { Translate } from '../l10n.ts';

/** Whether another window or `tt` may report this agent's work. Such an agent is followed while its row is expanded. */
export function isWatched({ state }: AgentRecord, { owner }: AgentView): boolean {
  if (owner === 'elsewhere') return true;
  return owner === 'external' && state !== 'cold' && state !== 'stopped' && state !== 'error';
}

export function workRows(agent: AgentRecord, view: AgentView, work: WatchedWork | undefined, t: Translate): Item[] {
  if (!isWatched(agent, view) || !work) return [];
  const row = (key: string, label: string, icon: ItemIcon, rest: Partial<Item> = {}): Item => ({
    id: `agent/${agent.id}/work/${key}`,
    label,
    description: '',
    icon,
    contextValue: 'work;',
    spoken: label,
    collapse: 'none',
    agentId: agent.id,
    ...rest,
  });
  // `tt` agents report in their notes. Another window reports the same in its events, and more.
  const notes = view.owner === 'external' ? work.activity : [];
  const rows = [
    ...notes.map((note, place) =>
      row(`note/${place}`, oneLine(note), { id: 'note' }, { text: () => ({ text: note }) }),
    ),
    ...work.lines.map((line) => lineRow(line, row, t)),
  ];
  return rows.length > 0 ? rows : [row('none', t('No activity yet'), { id: 'ellipsis' })];
}

function lineRow(
  line: WorkLine,
  row: (key: string, label: string, icon: ItemIcon, rest?: Partial<Item>) => Item,
  t: Translate,
): Item {
  const tooltip = (): string => stripControls(line.text).trim();
  const text = (): RowText => ({ text: line.text, prose: line.kind === 'words' });
  switch (line.kind) {
    case 'words': {
      const label = oneLine(lastLine(line.text));
      return row(line.id, label, { id: 'comment' }, { tooltip, text, spoken: t('Message: {0}', label) });
    }
    case 'tool': {
      const label = oneLine(line.text);
      return row(line.id, label, { id: 'tools' }, { tooltip, text, spoken: t('Tool: {0}', label) });
    }
    case 'error':
      return row(
        line.id,
        oneLine(line.text),
        { id: 'error', color: 'problemsErrorIcon.foreground' },
        { tooltip, text },
      );
    case 'completed':
      return row(line.id, t('Turn completed'), { id: 'pass', color: 'charts.green' });
    case 'interrupted':
      return row(line.id, t('Turn interrupted'), { id: 'circle-slash', color: 'charts.yellow' });
    case 'failed':
      return row(line.id, t('Turn failed'), { id: 'error', color: 'problemsErrorIcon.foreground' });
    case 'ended':
      return row(line.id, t('Turn ended'), { id: 'pass', color: 'disabledForeground' });
  }
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
