/** Where all of a request can be seen: an Approve button stands nowhere else. Pure. */
import path from 'node:path';
import type { AgentRequest } from '../../runtime/agentRequest.ts';
import type { FileChange } from '../../runtime/turnItem.ts';
import { lookAlikesIn, spellHidden } from '../../util/hidden.ts';
import { inWords } from '../../util/sentence.ts';
import { oneLine } from '../../util/text.ts';
import { namesOf } from '../changeLook.ts';
import type { Translate } from '../l10n.ts';
import { shownPath } from '../shownPath.ts';
import { type Need, type NeedAction, actionsOf } from './needs.ts';

/** Characters of one row. */
export const ROW = 300;
/** Rows that the lines of a command get. */
const ROWS = 40;
/** Of longer commands only this much is looked at for rows; the document shows all. In UTF-16 units. */
const LOOKED_AT = ROW * ROWS;

/** Whether `text` stands whole in a row of at most `limit` characters, blank for blank. */
export function fits(text: string, limit: number): boolean {
  return text.length <= limit && oneLine(text, limit) === text;
}

/** What a request's label shows of a command: one line, with a sign where a line ends. */
export function commandLine(command: string): string {
  return oneLine(spellHidden(command.slice(0, LOOKED_AT)).replaceAll('\n', ' ⏎ '));
}

/** The last part of a file's path. */
export function spelledName(file: string): string {
  return oneLine(spellHidden(path.basename(file) || file), ROW);
}

/** The lines of a command as rows, where its label does not show it whole. `whole`: the label or the rows show all of it. */
export function commandRows(command: string): { rows: string[]; whole: boolean } {
  const spelled = spellHidden(command.slice(0, LOOKED_AT));
  if (command.length <= LOOKED_AT && fits(spelled, 120)) return { rows: [], whole: true };
  const rows = spelled.split('\n').flatMap((line) => line.match(pieces) ?? []);
  return { rows: rows.slice(0, ROWS), whole: command.length <= LOOKED_AT && rows.length <= ROWS };
}

const pieces = new RegExp(`[^]{1,${ROW - 50}}`, 'gu');

/** Whether the request's label shows everything that would be approved, and nothing in it looks like something else. */
export function seenInLabel(request: AgentRequest, folder: string | undefined, t: Translate): boolean {
  if (request.subAgent !== null) return false;
  switch (request.kind) {
    case 'command': {
      const { command, cwd, permissions } = request;
      const whole = commandRows(command);
      return whole.whole && whole.rows.length === 0 && cwd === folder && permissions.length === 0 && isPlain(command);
    }
    case 'permissions': {
      const lines = request.summary.map((line) => inWords(line, t)).join(', ');
      return lines !== '' && fits(spellHidden(lines), 120) && isPlain(lines);
    }
    case 'fileChange':
    case 'question':
    case 'elicitation':
      return false;
  }
}

/** Whether the request's row and the rows below it show everything that would be approved. */
export function seenInRows(request: AgentRequest, t: Translate): boolean {
  switch (request.kind) {
    case 'command': {
      const permissions = request.permissions.map((line) => inWords(line, t));
      return commandRows(request.command).whole && rowsFit([request.cwd, ...permissions]);
    }
    case 'fileChange':
      // The reason also names the folder that the agent could write to from now on.
      return request.changes.length > 0 && rowsFit([request.reason ?? '', ...request.changes.flatMap(namesOf)]);
    case 'permissions':
      return rowsFit(request.summary.map((line) => inWords(line, t)));
    case 'elicitation':
      return fits(spellHidden(request.message), 120) && rowsFit([request.arguments ?? '', request.url ?? '']);
    case 'question':
      return true;
  }
}

/** Whether the request's text says what would be approved: then all of it can be read there. */
export function seenInText(request: AgentRequest): boolean {
  if (request.kind === 'fileChange') return request.changes.length > 0;
  return request.kind !== 'permissions' || request.summary.length > 0;
}

/** The names in the title of a diff that shows one change whole. */
export function diffNames(change: FileChange, folder: string): string {
  return spellHidden(
    namesOf(change)
      .map((name) => shownPath(name, folder))
      .join(' → '),
  );
}

/**
 * Whether one diff, under a title with the file's whole name, shows everything that would be approved. The reason stands in
 * no diff, and may name a folder that the agent could write to from then on.
 */
export function seenInDiff(request: AgentRequest, folder: string): boolean {
  if (request.kind !== 'fileChange' || request.subAgent !== null || request.reason !== null) return false;
  const [change, ...more] = request.changes;
  if (!change || more.length > 0) return false;
  return fits(diffNames(change, folder), 120) && isPlain(namesOf(change).join('\n'));
}

function rowsFit(texts: readonly string[]): boolean {
  return texts.every((text) => fits(spellHidden(text), ROW));
}

/** What can be done from the need's row: nothing is approved there that the rows do not show whole. */
export function rowActionsOf(need: Need, t: Translate): NeedAction[] {
  const all = actionsOf(need);
  if (need.kind !== 'request' || seenInRows(need.request, t)) return all;
  return all.filter((action) => action !== 'approve' && action !== 'approveForSession');
}

/** A warning that names the characters which look like others; undefined where there are none. */
export function lookAlikeWarning(text: string, t: Translate): string | undefined {
  const found = lookAlikesIn(text.slice(0, LOOKED_AT)).map(({ character, code }) => `${character} (${code})`);
  return found.length === 0 ? undefined : t('Characters that look like others: {0}', found.join(', '));
}

/** What of a request can hold look-alikes, as one text. */
export function approvedText(request: AgentRequest, t: Translate): string {
  switch (request.kind) {
    case 'command':
      return [request.command, request.cwd, ...request.permissions.map((line) => inWords(line, t))].join('\n');
    case 'fileChange':
      return [request.reason, ...request.changes.flatMap(namesOf)].join('\n');
    case 'permissions':
      return request.summary.map((line) => inWords(line, t)).join('\n');
    case 'elicitation':
      return [request.server, request.arguments, request.url].join('\n');
    case 'question':
      return '';
  }
}

function isPlain(text: string): boolean {
  return lookAlikesIn(text, 1).length === 0;
}
