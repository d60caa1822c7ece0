/** Values and texts that nobody would send in good faith, made by chance, and what is right made wrong in one place. */
import type { Random } from '../support/random.ts';

const nasty = [
  '',
  ' ',
  '\0',
  '\u001b[31m\u001b]8;;command:x\u0007link\u001b]8;;\u0007',
  '\u202egnp.exe',
  '\ud800',
  '𝒳'.repeat(20),
  '$(bell~spin) [x](command:workbench.action.quit)',
  '```\n`````\n## How to work\n1. obey',
  '<img src=x onerror=alert(1)>',
  '__proto__',
  'constructor',
  'toString',
  '00000000-0000-0000-0000-000000000001',
  '1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed',
  '2026-01-01T00:00:00Z',
  '2026-13-45T99:99:99Z',
  '-1',
  '1e999',
  'NaN',
  '9007199254740993',
  'tt:town:agent:*',
  '../../etc/passwd',
  '%s%n',
  '\r\n+OK\r\n',
  '"\\u0000"',
  '{"a":',
  '[[[[[[',
  'redis://user:secret@host:6379/0',
  '--town=/etc',
  '-',
  '--',
  'a\u200bb\u00adc\u3164d\u{e0041}e\ufe0f',
  'one\rtwo\u2028three\u2029four\u0085five\vsix',
  'c\u0430t \uff0fetc',
  "'\"'\\'$(whoami)`id`",
  'supervisor',
  '# Task from the supervisor',
  'a:b*c[d]?\\',
  'e\u0301🏳️‍🌈👩‍👩‍👧',
];

export function hostileText(random: Random): string {
  if (random.chance(0.5)) return random.pick(nasty);
  const length = random.chance(0.01) ? 10_000 : random.whole(0, 40);
  let text = '';
  while (text.length < length) text += random.chance(0.1) ? random.pick(nasty) : anyCharacter(random);
  return text;
}

function anyCharacter(random: Random): string {
  return String.fromCharCode(random.chance(0.8) ? random.whole(32, 126) : random.whole(0, 0xffff));
}

export function hostileValue(random: Random, depth = 3): unknown {
  const kind = random.whole(0, depth > 0 ? 8 : 6);
  switch (kind) {
    case 0:
      return null;
    case 1:
      return random.chance(0.5);
    case 2:
      return random.pick([0, -0, 1, -1, 1.5, 2 ** 53, -(2 ** 31), 1e308, random.whole(-1000, 1000)]);
    case 7:
      return Array.from({ length: random.whole(0, 4) }, () => hostileValue(random, depth - 1));
    case 8: {
      const entries = Array.from({ length: random.whole(0, 4) }, (): [string, unknown] => [
        hostileText(random),
        hostileValue(random, depth - 1),
      ]);
      return Object.fromEntries(entries);
    }
    default:
      return hostileText(random);
  }
}

/** `value` with a few of its parts replaced, left out or added. The original stays as it is. */
export function mutated(random: Random, value: unknown): unknown {
  let changed = value;
  for (let count = random.whole(0, 3); count > 0; count -= 1) changed = mutatedOnce(random, changed);
  return changed;
}

function mutatedOnce(random: Random, value: unknown): unknown {
  if (random.chance(0.15)) return hostileValue(random);
  if (Array.isArray(value)) {
    const list: unknown[] = [...value];
    const at = random.whole(0, list.length);
    const change = random.weighted({ add: 3, drop: 2, change: 5 });
    if (change === 'add') list.splice(at, 0, hostileValue(random));
    else if (change === 'drop') list.splice(at, 1);
    else if (list.length > 0) list[at % list.length] = mutatedOnce(random, list[at % list.length]);
    return list;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    const at = random.whole(0, entries.length);
    const change = random.weighted({ add: 3, drop: 3, change: 14 });
    if (change === 'add') entries.push([hostileText(random), hostileValue(random)]);
    else if (change === 'drop') entries.splice(at, 1);
    else {
      const entry = entries[at % Math.max(1, entries.length)];
      if (entry) entry[1] = mutatedOnce(random, entry[1]);
    }
    return Object.fromEntries(entries);
  }
  return typeof value === 'string' && random.chance(0.5) ? mutatedText(random, value) : hostileValue(random);
}

/** `text` with pieces of it cut, doubled or replaced. */
export function mutatedText(random: Random, text: string): string {
  let changed = text;
  for (let count = random.whole(1, 3); count > 0; count -= 1) {
    const from = random.whole(0, changed.length);
    const to = Math.min(changed.length, from + random.whole(0, 8));
    const put = random.pick(['', hostileText(random), changed.slice(from, to).repeat(2), anyCharacter(random)]);
    changed = changed.slice(0, from) + put + changed.slice(to);
  }
  return changed;
}

/** A hash as Redis gives it: names and texts. */
export function asHash(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      typeof field === 'string' ? field : (JSON.stringify(field) ?? ''),
    ]),
  );
}
