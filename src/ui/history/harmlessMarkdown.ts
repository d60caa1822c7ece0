/**
 * Makes agents' text harmless as Markdown. It keeps paragraphs, lists, emphasis and code. It cannot contain HTML, images, links
 * or headings, or swallow the text after it. Pure.
 */
import { oneLine, stripControls } from '../../util/text.ts';

/** The text as separate paragraphs. Closes code blocks that were left open. */
export function harmlessBlock(text: string): string {
  const lines = plainLines(text.trim());
  const out: string[] = [];
  for (let index = 0; index < lines.length;) {
    const line = lines[index] ?? '';
    const open = /^([ \t]*)(`{3,}|~{3,})(.*)$/.exec(line);
    if (!open || (open[2]?.startsWith('`') && open[3]?.includes('`'))) {
      out.push(harmlessLine(line));
      index += 1;
      continue;
    }
    const end = closing(lines, index + 1, open[2] ?? '');
    const content = lines.slice(index + 1, end).map((inner) => withoutIndent(inner, open[1]?.length ?? 0));
    out.push('', ...fence(content.join('\n'), open[3]), '');
    index = end + 1;
  }
  return out
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** The text on one line, of at most `limit` characters. */
export function harmlessInline(text: string, limit?: number): string {
  return harmlessLine(oneLine(text, limit));
}

/** The text word for word as a code span, on one line of at most `limit` characters. */
export function codeSpan(text: string, limit?: number): string {
  const content = oneLine(text, limit) || ' ';
  const ticks = '`'.repeat(longestRun(content, '`') + 1);
  const pad = content.startsWith('`') || content.endsWith('`') ? ' ' : '';
  return `${ticks}${pad}${content}${pad}${ticks}`;
}

/** The lines of a code block that holds `text` word for word. Its fence is longer than any in the text. */
export function fence(text: string, info = ''): string[] {
  const lines = plainLines(text.endsWith('\n') ? text.slice(0, -1) : text);
  const ticks = '`'.repeat(Math.max(3, longestRun(text, '`') + 1));
  const language = /^\s*([\w+#.-]{1,30})/.exec(info)?.[1] ?? '';
  return [`${ticks}${language}`, ...lines, ticks];
}

function plainLines(text: string): string[] {
  return stripControls(text.replace(/\r\n?/g, '\n')).split(/[\n\u2028\u2029]/);
}

/** Index of the line that closes a code block, or the number of lines if none does. */
function closing(lines: readonly string[], from: number, marks: string): number {
  const close = new RegExp(`^[ \\t]*${marks}${marks.charAt(0)}*[ \\t]*$`);
  let index = from;
  while (index < lines.length && !close.test(lines[index] ?? '')) index += 1;
  return index;
}

function withoutIndent(line: string, width: number): string {
  const indent = /^[ \t]*/.exec(line)?.[0].length ?? 0;
  return line.slice(Math.min(indent, width));
}

/** Markdown that must be escaped, and what affects escaping: existing escapes, code, and URLs. */
const marks = /\\[!-/:-@[-`{-~]|`+|<|\](?=[(:])|\$\$|:\/\//g;

function harmlessLine(line: string): string {
  // A heading, a heading's underline, or a rule. Only our own headings may be in the outline.
  const start = /^[\s>]*(?:(?:[-*+]|\d{1,9}[.)])[\s>]+)*(?=#{1,6}(?:\s|$)|=+\s*$|-+\s*$)/.exec(line);
  if (start) return `${start[0]}\\${escaped(line.slice(start[0].length))}`;
  return escaped(line);
}

function escaped(line: string): string {
  let out = '';
  let position = 0;
  // If a renderer links URLs, it takes the text after `://` as part of the URL, where escapes do not work.
  const lastMark = Math.max(...['\\', '`', '<', ']', '$'].map((mark) => line.lastIndexOf(mark)));
  marks.lastIndex = 0;
  for (let match = marks.exec(line); match; match = marks.exec(line)) {
    const [mark] = match;
    out += line.slice(position, match.index);
    position = match.index + mark.length;
    if (mark.startsWith('\\')) out += mark;
    else if (mark === '://') out += match.index < lastMark ? '\\://' : mark;
    else if (mark.startsWith('`')) {
      const end = spanEnd(line, position, mark.length);
      // A `|` may end a table cell even inside code.
      const span = end === undefined ? '|' : line.slice(match.index, end);
      if (end === undefined || span.includes('|')) out += mark.replaceAll('`', '\\`');
      else {
        out += span;
        position = end;
      }
    } else out += mark === ']' ? ']\\' : mark.replace(/[<$]/g, '\\$&');
    marks.lastIndex = position;
  }
  return out + line.slice(position);
}

/** The end of code that starts with `ticks` backticks: after the next run of the same length on this line. */
function spanEnd(line: string, from: number, ticks: number): number | undefined {
  for (const { 0: run, index } of line.slice(from).matchAll(/`+/g)) {
    if (run.length === ticks) return from + index + ticks;
  }
  return undefined;
}

function longestRun(text: string, character: string): number {
  let longest = 0;
  for (const { 0: run } of text.matchAll(new RegExp(`${character}+`, 'g'))) longest = Math.max(longest, run.length);
  return longest;
}
