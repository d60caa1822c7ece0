/** The rows below a need. */
import type { AgentRequest } from '../../runtime/agentRequest.ts';
import { spellHidden } from '../../util/hidden.ts';
import { oneLine } from '../../util/text.ts';
import { Command } from '../ids.ts';
import type { Item, ItemIcon } from '../items.ts';
import type { Translate } from '../l10n.ts';
import { tooltipText } from '../tooltip.ts';
import { approvedRows } from './approvedRows.ts';
import type { Need, SetAside } from './needs.ts';
import { LABEL } from './seen.ts';

export interface Detail {
  label: string;
  /** Use the label as it is: its blanks matter, and it is already spelled out and short enough. */
  exact?: boolean;
  /** The full text, if the label is only a part of it. */
  whole?: string;
  description?: string;
  icon: ItemIcon;
  /** Index of the changed file that a click opens. */
  file?: number;
  /** A click gives this answer. */
  option?: string;
  /** A click opens this text. */
  text?: string;
}

/** The rows below a request: first what would be approved, then why. */
export function detailsOf(request: AgentRequest, folder: string | undefined, t: Translate): Detail[] {
  const details: Detail[] = approvedRows(request, folder, t).rows.map(({ text, icon, file, description, whole }) => ({
    label: text,
    exact: true,
    icon: { id: icon },
    ...(file === undefined ? {} : { file }),
    ...(description === undefined ? {} : { description }),
    ...(whole === undefined ? {} : { whole }),
  }));
  const add = (icon: string, text: string | null, description = ''): void => {
    if (text) details.push({ label: text, description, icon: { id: icon } });
  };
  switch (request.kind) {
    case 'command':
    case 'permissions':
      add('comment', request.reason);
      break;
    case 'question':
      for (const question of request.questions) {
        if (request.questions.length > 1) add('question', question.question);
        for (const { label, description } of question.options) {
          // If there are more questions, a click asks all of them in turn.
          const answers = request.questions.length === 1 ? { option: label } : {};
          details.push({ label, description, icon: { id: 'circle-small' }, ...answers });
        }
      }
      break;
    case 'elicitation':
      for (const field of request.form ?? []) add('symbol-field', field.title, field.description ?? '');
      break;
    case 'fileChange':
      break;
  }
  if (request.subAgent !== null) add('organization', t('Sub-agent {0}', request.subAgent));
  return details;
}

/** The messages that are held or have failed, with sender and reason. */
export function setAsideDetails(messages: readonly SetAside[], t: Translate): Detail[] {
  return messages.map(({ text, from, reason }) => ({
    label: text.trim() || t('(an empty message)'),
    description: [from === undefined ? t('from you') : t('from {0}', oneLine(from, 64)), reason]
      .filter(Boolean)
      .join(' · '),
    icon: { id: 'mail' },
    text,
  }));
}

export function detailItem(need: Need, id: string, detail: Detail, t: Translate): Item {
  const label = detail.exact ? detail.label : oneLine(spellHidden(detail.label), LABEL);
  const whole = detail.whole === undefined ? label : oneLine(detail.whole, 600);
  const spoken = oneLine(whole, 600) || t('(blanks)');
  const description = oneLine(detail.description ?? '', LABEL);
  return {
    id,
    label,
    description,
    icon: detail.icon,
    contextValue: 'needDetail;',
    spoken: description ? `${spoken}, ${description}` : spoken,
    collapse: 'none',
    needKey: need.key,
    ...(need.agentId === undefined ? {} : { agentId: need.agentId }),
    ...(detail.text === undefined
      ? { runs: runsOf(need, detail, whole), copies: () => whole }
      : { text: () => ({ text: detail.text ?? '', prose: true }) }),
    tooltip: () => tooltipText([whole, description].filter(Boolean).join('\n')),
  };
}

/** An option gives its answer, a file opens that file, anything else opens the whole request. */
function runsOf({ key }: Need, { file, option }: Detail, title: string): NonNullable<Item['runs']> {
  if (option !== undefined) return { command: Command.answer, title, arguments: [{ need: key, option }] };
  const target = file === undefined ? { need: key } : { need: key, file };
  return { command: Command.openRequest, title, arguments: [target] };
}
