/** What would be approved, as rows that fit completely into a sidebar of 250 pixels. Pure. */
import path from 'node:path';
import type { AgentRequest } from '../../runtime/agentRequest.ts';
import type { FileChange } from '../../runtime/turnItem.ts';
import { lookAlikesIn, spellOut } from '../../util/hidden.ts';
import { inWords } from '../../util/sentence.ts';
import { changeLook, namesOf } from '../changeLook.ts';
import type { Translate } from '../l10n.ts';
import { shownPath } from '../shownPath.ts';
import { asksForMore } from './needs.ts';

/** Columns of one row. A column has the width of an average character. */
export const COLUMNS = 21;
/** More rows than this cannot be seen at once. */
export const ROWS = 40;
/** Only this much of a text becomes rows, in UTF-16 units. The request's document shows all of it. */
export const LOOKED_AT = 12_000;

export interface ApprovedRow {
  /** Exact text: every blank matters. */
  text: string;
  icon: string;
  /** The row continues the one before. The line break is ours. */
  continues: boolean;
  /** Index of the changed file that a click opens. */
  file?: number;
  /** More about a file. The editor may cut it off. */
  description?: string;
  /** A file's full path. */
  whole?: string;
}

/** The rows of a request. `whole` is true if there are rows and they show everything that would be approved. */
export function approvedRows(
  request: AgentRequest,
  folder: string | undefined,
  t: Translate,
): { rows: ApprovedRow[]; whole: boolean } {
  const rows: ApprovedRow[] = [];
  let whole = true;
  const addLines = (icon: string, lines: readonly string[], more: Partial<ApprovedRow> = {}): void => {
    const all: ApprovedRow[] = [];
    const always = more.file === undefined ? {} : { file: more.file };
    for (const line of lines) {
      for (const [index, text] of wrapped(line).entries()) {
        const first = index === 0;
        // An empty row would look like a gap.
        all.push({
          ...(first ? more : always),
          text: line === '' ? '⏎' : text,
          icon: first ? icon : 'blank',
          continues: !first,
        });
      }
      if (all.length > ROWS) break;
    }
    whole &&= all.length <= ROWS;
    rows.push(...all.slice(0, ROWS));
  };
  /** Adds a text whose line breaks matter. */
  const addText = (icon: string, text: string | null): void => {
    if (text === null || text === '') return;
    whole &&= text.length <= LOOKED_AT;
    addLines(icon, spellOut(text.slice(0, LOOKED_AT)).split('\n'));
  };
  /** Adds a name, a path or a sentence. */
  const addName = (icon: string, name: string | null, more?: Partial<ApprovedRow>): void => {
    if (name === null || name === '') return;
    whole &&= name.length <= LOOKED_AT;
    addLines(icon, [inOneLine(name.slice(0, LOOKED_AT))], more);
  };
  switch (request.kind) {
    case 'command':
      addText(request.input ? 'keyboard' : 'chevron-right', request.command);
      for (const permission of request.permissions) addName('shield', inWords(permission, t));
      if (request.cwd !== folder) addName('folder', request.cwd);
      break;
    case 'fileChange':
      // The reason also names a folder that the agent could write to from then on.
      addText('comment', request.reason);
      for (const [file, change] of request.changes.entries()) {
        const { icon, name, place, description } = fileWords(change, folder, t);
        const full = spellOut(namesOf(change).join(' → '));
        addName(icon, name, { file, description, whole: full });
        addName('folder', place, { file });
      }
      whole &&= request.changes.length > 0;
      break;
    case 'permissions':
      for (const line of request.summary) addName('shield', inWords(line, t));
      break;
    case 'elicitation':
      addName('server', request.server);
      if (!asksForMore(request)) addText('comment', request.message);
      addText('symbol-parameter', request.arguments);
      addName('link', request.url);
      break;
    case 'question':
      return { rows, whole };
  }
  addName('warning', lookAlikeWarning(approvedText(request, t).slice(0, LOOKED_AT), t) ?? null);
  return { rows, whole: whole && rows.length > 0 && rows.length <= ROWS };
}

function fileWords(
  made: FileChange,
  folder: string | undefined,
  t: Translate,
): { icon: string; name: string; place: string; description: string } {
  const { word, icon } = changeLook(made, t);
  const lines = made.diff.split(/\r\n|\r|\n/);
  const count = (sign: string): number =>
    lines.filter((line) => line.startsWith(sign) && !line.startsWith(sign.repeat(3))).length;
  const size = made.change === 'update' ? ` · +${count('+')} −${count('-')}` : '';
  const names = namesOf(made);
  const places = names.map((name) => path.dirname(folder === undefined ? name : shownPath(name, folder)));
  const [place = '', newPlace = place] = places;
  return {
    icon,
    name: names.map((name) => path.basename(name) || name).join(' → '),
    place: place !== newPlace ? places.join(' → ') : place === '.' ? '' : place,
    description: `${word}${size}`,
  };
}

/** `text` with codes in place of line feeds, tabs, and blanks at its start and end. */
export function inOneLine(text: string): string {
  return spellOut(text)
    .replace(/[\n\t]/g, codeOf)
    .replace(/^ +| +$/g, (blanks) => blanks.replaceAll(' ', codeOf));
}

function codeOf(blank: string): string {
  return `\\u{${blank.charCodeAt(0).toString(16)}}`;
}

/**
 * Cuts a line into rows of at most {@link COLUMNS}, before blanks if possible, so that blanks are at the start of a row, where
 * they can be seen. The joined rows are the line. Stops soon after {@link ROWS}.
 */
export function wrapped(line: string): string[] {
  const rows: string[] = [];
  let row = '';
  for (const character of line) {
    while (row !== '' && columnsOf(row + character) > COLUMNS) {
      const cut = /^.*[^ \t](?=[ \t])/su.exec(row + character)?.[0].length ?? row.length;
      rows.push(row.slice(0, cut));
      row = row.slice(cut);
    }
    if (rows.length > ROWS) return rows;
    row += character;
  }
  return [...rows, row];
}

/** The most columns that a text needs in any usual font. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += widthOf(character);
  return columns;
}

function widthOf(character: string): number {
  if (character === '\t') return 8;
  if (/[A-ZMWmw@%&#<>=+~^]/.test(character)) return 2;
  if (/[ -~]/.test(character)) return 1;
  if (/[\u00a1-\u024f\u2010-\u2027\u2190-\u2193\p{Script=Greek}\p{Script=Cyrillic}]/u.test(character)) return 2;
  // Ligatures of whole sentences, two-em and three-em dashes, and cuneiform are as wide as a row.
  if (/[\ufd40-\ufdff\u2e3a\u2e3b\u{12000}-\u{1254f}]/u.test(character)) return COLUMNS;
  return 3;
}

/** A warning that lists characters that look like others. Undefined if there are none. */
export function lookAlikeWarning(text: string, t: Translate): string | undefined {
  const found = lookAlikesIn(text).map(({ character, code }) => `${character} (${code})`);
  return found.length === 0 ? undefined : t('Characters that look like others: {0}', found.join(', '));
}

/** The parts of a request that can contain look-alikes, as one text. */
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
