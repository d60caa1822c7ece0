/** Decides where the full request can be seen. An Approve button is offered nowhere else. Pure. */
import path from 'node:path';
import type { AgentRequest } from '../../runtime/agentRequest.ts';
import type { FileChange } from '../../runtime/turnItem.ts';
import { hidesCharacters, lookAlikesIn, spellOut } from '../../util/hidden.ts';
import { inWords } from '../../util/sentence.ts';
import { oneLine } from '../../util/text.ts';
import { namesOf } from '../changeLook.ts';
import type { Translate } from '../l10n.ts';
import { shownPath } from '../shownPath.ts';
import type { Item } from '../items.ts';
import { LOOKED_AT, approvedRows, lookAlikeWarning } from './approvedRows.ts';
import { type Need, type NeedAction, actionsOf } from './needs.ts';

/** Longest label or description, in characters. */
export const LABEL = 300;

/** Longest text that a dialog shows in full, in characters. */
export const MOST_SHOWN = 3_000;

/** Whether a row of at most `limit` characters shows `text` exactly, including blanks. */
export function fits(text: string, limit: number): boolean {
  return text.length <= limit && oneLine(text, limit) === text;
}

/** A command as a request's label shows it: on one line, with a sign for each line break. */
export function commandLine(command: string): string {
  return oneLine(spellOut(command.slice(0, LOOKED_AT)).replaceAll('\n', ' ⏎ '));
}

/** The last part of a file's path. */
export function spelledName(file: string): string {
  return oneLine(spellOut(path.basename(file) || file), LABEL);
}

/** The text to read before a page is opened. Undefined if the URL is not a web page, or the text cannot be shown in full. */
export function pageText(message: string, url: string, t: Translate): string | undefined {
  const text = [oneLine(message, 500), spellOut(url), lookAlikeWarning(url, t)].filter(Boolean).join('\n\n');
  return /^https?:\/\//i.test(url) && text.length <= MOST_SHOWN ? text : undefined;
}

/** Whether the request's label shows everything that would be approved, without look-alike characters. */
export function seenInLabel(request: AgentRequest, folder: string | undefined, t: Translate): boolean {
  if (request.subAgent !== null) return false;
  switch (request.kind) {
    case 'command': {
      const { command, cwd, permissions } = request;
      if (command.length > 120 || cwd !== folder || permissions.length > 0) return false;
      return fits(spellOut(command), 120) && isPlain(command);
    }
    case 'permissions': {
      const lines = request.summary.map((line) => inWords(line, t)).join(', ');
      return lines !== '' && fits(spellOut(lines), 120) && isPlain(lines);
    }
    case 'fileChange':
    case 'question':
    case 'elicitation':
      return false;
  }
}

/** Whether the rows below the request's row show everything that would be approved. */
export function seenInRows(request: AgentRequest, folder: string | undefined, t: Translate): boolean {
  return approvedRows(request, folder, t).whole;
}

/** Whether the request's text shows everything that would be approved. */
export function seenInText(request: AgentRequest): boolean {
  if (request.kind === 'fileChange') return request.changes.length > 0;
  return request.kind !== 'permissions' || request.summary.length > 0;
}

/** The file names for the title of a diff that shows one full change. */
export function diffNames(change: FileChange, folder: string): string {
  return spellOut(
    namesOf(change)
      .map((name) => shownPath(name, folder))
      .join(' → '),
  );
}

/**
 * Whether one diff, with the file's full name in its title, shows everything that would be approved. A diff does not show the
 * request's reason, which may name a folder that the agent could write to from then on.
 */
export function seenInDiff(request: AgentRequest, folder: string): boolean {
  if (request.kind !== 'fileChange' || request.subAgent !== null || request.reason !== null) return false;
  const [change, ...more] = request.changes;
  if (!change || more.length > 0) return false;
  // Workspace settings can turn off the editor's marks for hidden characters.
  if (hidesCharacters(change.diff.replaceAll('\r\n', '\n')) || changesBlanks(change)) return false;
  return fits(diffNames(change, folder), 120) && isPlain(namesOf(change).join('\n'));
}

/** Whether a line changes only in blanks at its start or end, which the editor's diff does not mark. */
function changesBlanks({ change, diff }: FileChange): boolean {
  if (change !== 'update') return false;
  const linesWith = (sign: string): string[] =>
    diff.split('\n').flatMap((line) => (line.startsWith(sign) ? line.slice(1) : []));
  const removed = new Map(linesWith('-').map((line) => [line.trim(), new Set<string>()]));
  for (const line of linesWith('-')) removed.get(line.trim())?.add(line);
  return linesWith('+').some((line) => {
    const before = removed.get(line.trim());
    return before !== undefined && (before.size > 1 || !before.has(line));
  });
}

/** Which parts of a need are on screen now. */
export interface OnScreen {
  /** The rows below the need's row. */
  rows: boolean;
  /** A document or diff that shows the full request. */
  document: boolean;
}

/**
 * What can be done from the need's row. The row offers an approval only while the rows below it show everything that would be
 * approved. Rows cannot show a file's diff, so a file change must also be shown in a document.
 */
export function rowActionsOf(
  need: Need,
  folder: string | undefined,
  { rows, document }: OnScreen,
  t: Translate,
): NeedAction[] {
  const all = actionsOf(need);
  if (need.kind !== 'request') return all;
  const { request } = need;
  if (rows && (request.kind !== 'fileChange' || document) && seenInRows(request, folder, t)) return all;
  return all.filter((action) => action !== 'approve' && action !== 'approveForSession');
}

/** Whether an approval is among the actions of a row. */
export function offersApproval({ contextValue }: Pick<Item, 'contextValue'>): boolean {
  return /^need;request;.*;approve(?:ForSession)?;/.test(contextValue);
}

function isPlain(text: string): boolean {
  return lookAlikesIn(text, 1).length === 0;
}
