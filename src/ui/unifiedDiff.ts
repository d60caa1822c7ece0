/** Applies one file's unified diff, to show what a change would make of it. */

/** The text after the change; undefined where the diff does not fit the text, exactly, or is none. */
export function applyUnifiedDiff(text: string, diff: string): string | undefined {
  const hunks = parseHunks(diff);
  if (!hunks) return undefined;
  const before = text.split('\n');
  const after: string[] = [];
  let position = 0;
  for (const { start, lines } of hunks) {
    if (start < position || start > before.length) return undefined;
    after.push(...before.slice(position, start));
    position = start;
    for (const line of lines) {
      const [sign, content] = [line.slice(0, 1), line.slice(1)];
      if (sign !== '+') {
        if (before[position] !== content) return undefined;
        position += 1;
      }
      if (sign !== '-') after.push(content);
    }
  }
  return [...after, ...before.slice(position)].join('\n');
}

interface Hunk {
  /** Index of its first line in the old text. */
  start: number;
  lines: string[];
}

function parseHunks(diff: string): Hunk[] | undefined {
  const hunks: Hunk[] = [];
  let missing = { old: 0, new: 0 };
  for (const line of diff.split('\n')) {
    const current = hunks.at(-1);
    if (current && missing.old + missing.new > 0) {
      // An empty line of context may have lost its blank on the way.
      const full = line === '' ? ' ' : line;
      if (full.startsWith('\\')) continue;
      if (!/^[ +-]/.test(full)) return undefined;
      if (!full.startsWith('+')) missing.old -= 1;
      if (!full.startsWith('-')) missing.new -= 1;
      current.lines.push(full);
      continue;
    }
    const head = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
    if (!head) continue;
    const old = Number(head[2] ?? 1);
    // Where nothing is taken away, the number is that of the line before.
    hunks.push({ start: old === 0 ? Number(head[1]) : Number(head[1]) - 1, lines: [] });
    missing = { old, new: Number(head[3] ?? 1) };
  }
  return hunks.length > 0 && missing.old <= 0 && missing.new <= 0 ? hunks : undefined;
}
