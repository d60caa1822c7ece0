/** Text from agents and other writers is data. When shown, it has no control characters and a bounded length. */

// oxlint-disable-next-line no-control-regex -- removing them is the purpose
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
// oxlint-disable-next-line no-control-regex -- a terminal's escape sequences
const escapes = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?)/g;

/** `text` without terminal sequences, control characters and direction characters. Line breaks and tabs stay. */
export function stripControls(text: string): string {
  return text.replace(escapes, '').replace(controls, '');
}

/** `text` with control and direction characters spelled out, so that whoever approves a command sees all of it. */
export function spellControls(text: string): string {
  return text.replace(controls, (control) => `\\u{${control.codePointAt(0)?.toString(16) ?? ''}}`);
}

/** How far before a cut to look for the start of a character, in UTF-16 units. A longer character is cut apart. */
const CHARACTER = 64;

const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * The place at or before `at` (in UTF-16 units) where `text` can be cut between characters: never between the halves of a
 * surrogate pair, and not within a combined character such as a flag or a family.
 */
function cutBefore(text: string, at: number): number {
  if (at <= 0) return 0;
  if (at >= text.length) return text.length;
  const from = Math.max(0, at - CHARACTER);
  const around = text.slice(from, at + CHARACTER);
  const start = from + (characters.segment(around).containing(at - from)?.index ?? at - from);
  // At the start of the window, the character may have begun earlier.
  if (start > from || from === 0) return start;
  return isLowHalf(text, at) ? at - 1 : at;
}

/** Whether `at` is between the two halves of a surrogate pair. */
function isLowHalf(text: string, at: number): boolean {
  return (text.codePointAt(at - 1) ?? 0) > 0xffff;
}

/** The start of `text`: at most `limit` UTF-16 units, cut between characters. */
export function startOf(text: string, limit: number): string {
  return text.slice(0, cutBefore(text, limit));
}

/** The end of `text`: at most `limit` UTF-16 units, cut between characters. */
export function endOf(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const at = text.length - limit;
  const cut = cutBefore(text, at);
  if (cut === at) return text.slice(at);
  // The character that begins before the cut does not fit. Continue after it.
  const next = characters.segment(text.slice(cut, at + CHARACTER)).containing(0);
  return text.slice(cut + (next?.segment.length ?? at + 1 - cut));
}

/**
 * `value` as JSON that every parser accepts. Half of a surrogate pair becomes U+FFFD. JavaScript would write it as an escape
 * that makes Codex, `tt` and others refuse the whole text.
 */
export function wellFormedJson(value: unknown, replacer?: (key: string, value: unknown) => unknown): string {
  return wellFormedEscapes(JSON.stringify(value, replacer));
}

/** JSON with U+FFFD in place of escapes for half of a surrogate pair. */
export function wellFormedEscapes(json: string): string {
  if (!/\\ud/i.test(json)) return json;
  // A pair, half of one, or any other escape. None begins inside another.
  const escapes = /\\(?:ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|(ud[89a-f][0-9a-f]{2})|[^])/gi;
  return json.replace(escapes, (escape, half: string | undefined) => (half === undefined ? escape : '\\ufffd'));
}

/** `oneLine` reads only this many times its limit, because the rest would hardly show, and texts can be huge. */
const LOOKED_AT = 8;

/** `text` as one line of at most `limit` characters, with an ellipsis where it is cut. */
export function oneLine(text: string, limit = 120): string {
  const whole = text.trimStart();
  const start = startOf(whole, LOOKED_AT * limit);
  const line = stripControls(start.toWellFormed()).replace(/\s+/g, ' ').trim();
  return line.length <= limit && start.length === whole.length ? line : `${startOf(line, limit - 1).trimEnd()}…`;
}

/** `text` in a fence that is longer than any run of backticks in it. */
export function fenced(text: string, language = ''): string {
  const longest = [...text.matchAll(/`+/g)].reduce((most, [run]) => Math.max(most, run.length), 2);
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}
