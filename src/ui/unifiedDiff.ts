/**
 * Applies one file's unified diff, forward or backward, to show what a change would do or has done. Exact to the byte. Codex
 * counts a lone carriage return as a line end, and git does not, so both ways of counting are tried.
 */

/** The text after the change. Undefined if the diff does not fit the text exactly, or is not a diff. */
export function applyUnifiedDiff(text: string, diff: string): string | undefined {
  return inEitherWay(diff, text, (hunks) => hunks);
}

/** The text before the change. Undefined if the diff does not fit the changed text exactly, or is not a diff. */
export function revertUnifiedDiff(text: string, diff: string): string | undefined {
  return inEitherWay(diff, text, (hunks) => hunks.map(inverse));
}

/** Match a line with its line end. The last line of a text may have none. */
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

/** A line of a hunk. `content` includes the line end, which the last line of a text may not have. */
interface Line {
  sign: ' ' | '+' | '-';
  content: string;
}

interface Hunk {
  /** Indexes of its first line in the old and in the new text. */
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
    // “\ No newline at end of file” means that the line before has no line feed.
    const last = line.startsWith('\\') ? current?.lines.at(-1) : undefined;
    if (last) {
      last.content = last.content.replace(/\n$/, '');
      continue;
    }
    if (current && missing.old + missing.new > 0) {
      // An empty context line may have lost its leading blank.
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

/** The diff's last line may have lost its line feed. */
function withEnd(line: string): string {
  return /[\r\n]$/.test(line) ? line : `${line}\n`;
}

function signOf(line: string): Line['sign'] | undefined {
  const sign = line.charAt(0);
  return sign === ' ' || sign === '+' || sign === '-' ? sign : undefined;
}

/** Diffs number lines from 1. If a side has no lines, the number is that of the line before. */
function indexOf(number: string | undefined, count: number): number {
  return count === 0 ? Number(number) : Number(number) - 1;
}
