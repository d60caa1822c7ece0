/** The rows below what an agent asks for: the parts of it that its own row does not say. */
import path from 'node:path';
import type { AgentRequest } from '../../runtime/agentRequest.ts';
import type { FileChange } from '../../runtime/turnItem.ts';
import { inWords } from '../../util/sentence.ts';
import { spellHidden } from '../../util/hidden.ts';
import { oneLine } from '../../util/text.ts';
import { changeLook, namesOf } from '../changeLook.ts';
import { Command } from '../ids.ts';
import type { Item, ItemIcon } from '../items.ts';
import type { Translate } from '../l10n.ts';
import { shownPath } from '../shownPath.ts';
import { tooltipText } from '../tooltip.ts';
import type { Need, SetAside } from './needs.ts';
import { ROW, approvedText, commandRows, lookAlikeWarning, spelledName } from './seen.ts';

export interface Detail {
  label: string;
  /** Every blank of the label counts. It has the length of a row. */
  exact?: boolean;
  /** Where the label is only a part of it. */
  whole?: string;
  description?: string;
  icon: ItemIcon;
  /** Opens this one of the files to be changed. */
  file?: number;
  /** Gives this answer. */
  option?: string;
  /** A click opens this text. */
  text?: string;
}

/** What is below a request's row. */
export function detailsOf(request: AgentRequest, folder: string | undefined, t: Translate): Detail[] {
  const details: Detail[] = [];
  const add = (icon: string, text: string | null, description = ''): void => {
    if (text) details.push({ label: text, description, icon: { id: icon } });
  };
  switch (request.kind) {
    case 'command':
      for (const line of commandRows(request.command).rows) {
        details.push({ label: line, exact: true, icon: { id: 'chevron-right' } });
      }
      add('comment', request.reason);
      for (const permission of request.permissions) add('shield', inWords(permission, t));
      if (request.cwd !== folder) add('folder', request.cwd);
      break;
    case 'fileChange':
      add('comment', request.reason);
      for (const [file, change] of request.changes.entries()) details.push(fileDetail(change, file, folder, t));
      break;
    case 'permissions':
      add('comment', request.reason);
      for (const line of request.summary) add('shield', inWords(line, t));
      break;
    case 'question':
      for (const question of request.questions) {
        if (request.questions.length > 1) add('question', question.question);
        for (const { label, description } of question.options) {
          // Where there are more questions, a click asks all of them in turn.
          const answers = request.questions.length === 1 ? { option: label } : {};
          details.push({ label, description, icon: { id: 'circle-small' }, ...answers });
        }
      }
      break;
    case 'elicitation':
      add('server', request.server);
      add('symbol-parameter', request.arguments);
      add('link', request.url);
      for (const field of request.form ?? []) add('symbol-field', field.title, field.description ?? '');
  }
  add('warning', lookAlikeWarning(approvedText(request, t), t) ?? null);
  if (request.subAgent !== null) add('organization', t('Sub-agent {0}', request.subAgent));
  return details;
}

/** Which messages were set aside, from whom, and why. */
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

function fileDetail(made: FileChange, file: number, folder: string | undefined, t: Translate): Detail {
  const { word, icon } = changeLook(made, t);
  const lines = made.diff.split(/\r\n|\r|\n/);
  const count = (sign: string): number =>
    lines.filter((line) => line.startsWith(sign) && !line.startsWith(sign.repeat(3))).length;
  const size = made.change === 'update' ? ` · +${count('+')} −${count('-')}` : '';
  const names = namesOf(made);
  const label = names.map(spelledName).join(' → ');
  const places = names.map((name) => path.dirname(folder === undefined ? name : shownPath(name, folder)));
  const place = spellHidden([...new Set(places)].filter((one) => one !== '.').join(' → '));
  const description = [`${word}${size}`, place].filter(Boolean).join(' · ');
  return { label, whole: spellHidden(names.join(' → ')), description, icon: { id: icon }, file };
}

export function detailItem(need: Need, id: string, detail: Detail): Item {
  const spelled = spellHidden(detail.label);
  const label = detail.exact ? spelled : oneLine(spelled, ROW);
  const whole = detail.whole === undefined ? label : oneLine(detail.whole, 600);
  const description = oneLine(detail.description ?? '', ROW);
  return {
    id,
    label,
    description,
    icon: detail.icon,
    contextValue: 'needDetail;',
    spoken: description ? `${whole}, ${description}` : whole,
    collapse: 'none',
    needKey: need.key,
    ...(need.agentId === undefined ? {} : { agentId: need.agentId }),
    ...(detail.text === undefined
      ? { runs: runsOf(need, detail, whole), copies: () => whole }
      : { text: () => ({ text: detail.text ?? '', prose: true }) }),
    tooltip: () => tooltipText([whole, description].filter(Boolean).join('\n')),
  };
}

/** An option answers, a file opens alone, everything else opens the whole request. */
function runsOf({ key }: Need, { file, option }: Detail, title: string): NonNullable<Item['runs']> {
  if (option !== undefined) return { command: Command.answer, title, arguments: [{ need: key, option }] };
  const target = file === undefined ? { need: key } : { need: key, file };
  return { command: Command.openRequest, title, arguments: [target] };
}
