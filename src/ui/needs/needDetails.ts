/** The rows below what an agent asks for: the parts of it that its own row does not say. */
import type { AgentRequest } from '../../runtime/agentRequest.ts';
import type { FileChange } from '../../runtime/turnItem.ts';
import { inWords } from '../../util/sentence.ts';
import { oneLine, spellControls, stripControls } from '../../util/text.ts';
import { Command } from '../ids.ts';
import type { Item, ItemIcon } from '../items.ts';
import type { Translate } from '../l10n.ts';
import type { Need } from './needs.ts';

/** A tooltip is read, not scrolled for minutes; the whole text opens with the row. */
const TOOLTIP_LIMIT = 4000;

export interface Detail {
  label: string;
  description?: string;
  icon: ItemIcon;
  /** Opens this one of the files to be changed. */
  file?: number;
}

/** What is below a request's row. */
export function detailsOf(request: AgentRequest, folder: string | undefined, t: Translate): Detail[] {
  const details: Detail[] = [];
  const add = (icon: string, text: string | null, description = ''): void => {
    if (text) details.push({ label: text, description, icon: { id: icon } });
  };
  switch (request.kind) {
    case 'command':
      for (const line of request.command.includes('\n') ? request.command.split('\n') : []) add('chevron-right', line);
      add('comment', request.reason);
      for (const permission of request.permissions) add('shield', inWords(permission, t));
      if (request.cwd !== folder) add('folder', request.cwd);
      break;
    case 'fileChange':
      add('comment', request.reason);
      for (const [file, change] of request.changes.entries()) details.push(fileDetail(change, file, t));
      break;
    case 'permissions':
      add('comment', request.reason);
      for (const line of request.summary) add('shield', inWords(line, t));
      break;
    case 'question':
      for (const question of request.questions) {
        if (request.questions.length > 1) add('question', question.question);
        for (const option of question.options) add('circle-small', option.label, option.description);
      }
      break;
    case 'elicitation':
      add('server', request.server);
      add('symbol-parameter', request.arguments);
      add('link', request.url);
      for (const field of request.form ?? []) add('symbol-field', field.title, field.description ?? '');
  }
  if (request.subAgent !== null) add('organization', t('Sub-agent {0}', request.subAgent));
  return details;
}

function fileDetail({ path, change, diff }: FileChange, file: number, t: Translate): Detail {
  const words = { add: t('added'), delete: t('deleted'), update: t('changed') };
  const icons = { add: 'diff-added', delete: 'diff-removed', update: 'diff-modified' };
  const lines = diff.split('\n');
  const count = (sign: string): number =>
    lines.filter((line) => line.startsWith(sign) && !line.startsWith(sign.repeat(3))).length;
  const size = change === 'update' ? ` · +${count('+')} −${count('-')}` : '';
  return { label: path, description: `${words[change]}${size}`, icon: { id: icons[change] }, file };
}

export function detailItem(need: Need, id: string, detail: Detail): Item {
  const label = oneLine(spellControls(detail.label), 300);
  const description = oneLine(detail.description ?? '', 200);
  return {
    id,
    label: detail.file === undefined ? label : fileName(label),
    description,
    icon: detail.icon,
    contextValue: 'needDetail;',
    spoken: description ? `${label}, ${description}` : label,
    collapse: 'none',
    needKey: need.key,
    ...(need.agentId === undefined ? {} : { agentId: need.agentId }),
    ...(detail.file === undefined
      ? {}
      : { runs: { command: Command.openRequest, title: label, arguments: [{ need: need.key, file: detail.file }] } }),
    tooltip: () => clip([label, description].filter(Boolean).join('\n')),
  };
}

export function fileName(path: string): string {
  const clean = oneLine(path, 300);
  return clean.slice(Math.max(clean.lastIndexOf('/'), clean.lastIndexOf('\\')) + 1) || clean;
}

export function clip(text: string): string {
  const clean = stripControls(text).trim();
  return clean.length <= TOOLTIP_LIMIT ? clean : `${clean.slice(0, TOOLTIP_LIMIT)}…`;
}
