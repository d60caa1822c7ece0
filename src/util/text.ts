/** Text from agents and other writers is data: what is shown has no control characters and a bounded length. */

// oxlint-disable-next-line no-control-regex -- removing them is the purpose
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
// oxlint-disable-next-line no-control-regex -- a terminal's escape sequences
const escapes = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?)/g;

/** `text` without terminal sequences, control and direction characters; line breaks and tabs stay. */
export function stripControls(text: string): string {
  return text.replace(escapes, '').replace(controls, '');
}

/** `text` with control and direction characters spelled out, so that nothing of a command is hidden from who approves it. */
export function spellControls(text: string): string {
  return text.replace(controls, (control) => `\\u{${control.codePointAt(0)?.toString(16) ?? ''}}`);
}

/** Of a long text a line is made from this many times its limit: the rest would hardly be seen, and texts can be huge. */
const LOOKED_AT = 8;

/** `text` as one line of at most `limit` characters, cut with an ellipsis. */
export function oneLine(text: string, limit = 120): string {
  const whole = text.trimStart();
  const start = whole.slice(0, LOOKED_AT * limit);
  const line = stripControls(start).replace(/\s+/g, ' ').trim();
  return line.length <= limit && start.length === whole.length ? line : `${line.slice(0, limit - 1).trimEnd()}…`;
}

/** `text` between fences that are longer than any run of backticks in it. */
export function fenced(text: string, language = ''): string {
  const longest = [...text.matchAll(/`+/g)].reduce((most, [run]) => Math.max(most, run.length), 2);
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}
