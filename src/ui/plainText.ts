/** Text of agents and tasks, for places of the editor that would read syntax of their own into it. Pure. */

/** `$(name)` in a quick pick's label, description or detail draws an icon; what others wrote must not. */
export function withoutIcons(text: string): string {
  return text.replaceAll('$(', '$\u200b(');
}

/** `[text](command:…)` in a notification is a link that runs a command; what others wrote must not be one. */
export function withoutLinks(text: string): string {
  return text.replaceAll('](', ']\u200b(');
}
