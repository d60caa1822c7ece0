/** Makes text of agents and tasks safe for places where the editor has its own syntax. Pure. */

/** `$(name)` in a quick pick's label, description or detail, and in the status bar, draws an icon. Text of others must not. */
export function withoutIcons(text: string): string {
  return text.replaceAll('$(', '$\u200b(');
}

/** `[text](command:…)` in a notification is a link that runs a command. Text of others must not be one. */
export function withoutLinks(text: string): string {
  return text.replaceAll('](', ']\u200b(');
}

/** For an input box's prompt and validation message, which have both kinds of syntax. */
export function withoutMarks(text: string): string {
  return withoutIcons(withoutLinks(text));
}
