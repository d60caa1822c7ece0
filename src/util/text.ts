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

/** `text` as one line of at most `limit` characters, cut with an ellipsis. */
export function oneLine(text: string, limit = 120): string {
  const line = stripControls(text).replace(/\s+/g, ' ').trim();
  return line.length <= limit ? line : `${line.slice(0, limit - 1).trimEnd()}…`;
}
