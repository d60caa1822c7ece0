/**
 * Applies one file's unified diff, forwards or backwards, to show what a change would make or has made of it. Exact to the byte.
 * Codex counts a lone carriage return as the end of a line, git does not: both ways of counting are tried.
 */

/** The text after the change; undefined where the diff does not fit the text, exactly, or is none. */
export function applyUnifiedDiff(text: string, diff: string): string | undefined {
  return inEitherWay(diff, text, (hunks) => hunks);
}

/** The text before the change; undefined where the diff does not fit the text after it, exactly, or is none. */
export function revertUnifiedDiff(text: string, diff: string): string | undefined {
  return inEitherWay(diff, text, (hunks) => hunks.map(inverse));
}

/** A line with its end; the last of a text may have none. */
const byLineFeed = /[^\n]*\n|[^\n]+$/g;
const byReturnToo = /[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g;

function inEitherWay(diff: string, text: string, turned: (hunks: Hunk[]) => Hunk[]): string | undefined {
  for (const lines of [byLineFeed, byReturnToo]) {
    const hunks = parseHunks(diff, lines);
    const result = hunks && applyHunks(text, turned(hunks), lines);
    if (result !== undefined) return result;
  }
  return undefined;
}

/** A line with its end: the last of a text may have none. */
interface Line {
  sign: ' ' | '+' | '-';
  content: string;
}

interface Hunk {
  /** Index of its first line in the old text, and in the new one. */
  old: number;
  new: number;
  lines: Line[];
}

function inverse({ old, new: after, lines }: Hunk): Hunk {
  const signs = { ' ': ' ', '+': '-', '-': '+' } as const;
  return { old: after, new: old, lines: lines.map(({ sign, content }) => ({ sign: signs[sign], content })) };
}

function applyHunks(text: string, hunks: readonly Hunk[], lineOf: RegExp): string | undefined {
  const before = text.match(lineOf) ?? [];
  const after: string[] = [];
  let position = 0;
  for (const { old, lines } of hunks) {
    if (old < position || old > before.length) return undefined;
    after.push(...before.slice(position, old));
    position = old;
    for (const { sign, content } of lines) {
      if (sign !== '+') {
        if (before[position] !== content) return undefined;
        position += 1;
      }
      if (sign !== '-') after.push(content);
    }
  }
  return [...after, ...before.slice(position)].join('');
}

function parseHunks(diff: string, lineOf: RegExp): Hunk[] | undefined {
  const hunks: Hunk[] = [];
  let missing = { old: 0, new: 0 };
  for (const line of [...(diff.match(lineOf) ?? []), '']) {
    const current = hunks.at(-1);
    // “\ No newline at end of file”: the line before it has none.
    const last = line.startsWith('\\') ? current?.lines.at(-1) : undefined;
    if (last) {
      last.content = last.content.replace(/\n$/, '');
      continue;
    }
    if (current && missing.old + missing.new > 0) {
      // An empty line of context may have lost its blank on the way.
      const full = /^(?:[\r\n]|$)/.test(line) ? ` ${line}` : line;
      const sign = signOf(full);
      if (!sign) return undefined;
      if (sign !== '+') missing.old -= 1;
      if (sign !== '-') missing.new -= 1;
      current.lines.push({ sign, content: withEnd(full.slice(1)) });
      continue;
    }
    const head = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line);
    if (!head) continue;
    missing = { old: Number(head[2] ?? 1), new: Number(head[4] ?? 1) };
    hunks.push({ old: indexOf(head[1], missing.old), new: indexOf(head[3], missing.new), lines: [] });
  }
  return hunks.length > 0 && missing.old <= 0 && missing.new <= 0 ? hunks : undefined;
}

/** The end of the diff may have lost its line feed on the way. */
function withEnd(line: string): string {
  return /[\r\n]$/.test(line) ? line : `${line}\n`;
}

function signOf(line: string): Line['sign'] | undefined {
  const sign = line.charAt(0);
  return sign === ' ' || sign === '+' || sign === '-' ? sign : undefined;
}

/** Lines are numbered from 1. Where a side has none, the number is that of the line before. */
function indexOf(number: string | undefined, count: number): number {
  return count === 0 ? Number(number) : Number(number) - 1;
}
