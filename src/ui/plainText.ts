/** Text of agents and tasks, for places of the editor that would read syntax of their own into it. Pure. */

/** `$(name)` in a quick pick's label, description or detail, and in the status bar, draws an icon; what others wrote must not. */
export function withoutIcons(text: string): string {
  return text.replaceAll('$(', '$\u200b(');
}

/** `[text](command:…)` in a notification is a link that runs a command; what others wrote must not be one. */
export function withoutLinks(text: string): string {
  return text.replaceAll('](', ']\u200b(');
}

/** The prompt of an input box, and what it says of a text that it does not take, read both. */
export function withoutMarks(text: string): string {
  return withoutIcons(withoutLinks(text));
}
