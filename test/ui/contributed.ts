/** What the manifest contributes for people to press, read for tests that press all of it. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';

const root = path.resolve(import.meta.dirname, '../..');

const menu = z.array(z.object({ command: z.string(), when: z.string(), group: z.string() }));

const manifest = z.object({
  contributes: z.object({
    commands: z.array(z.object({ command: z.string(), title: z.string() })),
    menus: z.object({
      'view/item/context': menu,
      'editor/title': menu,
      'editor/context': menu,
      'editor/title/context': menu,
      'explorer/context': menu,
    }),
    viewsWelcome: z.array(z.object({ view: z.string(), contents: z.string(), when: z.string() })),
    keybindings: z.array(z.object({ command: z.string(), key: z.string(), when: z.optional(z.string()) })),
    walkthroughs: z.array(z.object({ steps: z.array(z.object({ id: z.string(), description: z.string() })) })),
  }),
});

export type Contributed = z.infer<typeof manifest>['contributes'] & {
  /** What people read in the place of a `%key%`. */
  text(key: string): string;
  /** A command's title. */
  title(command: string): string;
};

async function read(file: string): Promise<unknown> {
  return JSON.parse(await readFile(path.join(root, file), 'utf8'));
}

export async function readContributed(): Promise<Contributed> {
  const { contributes } = manifest.parse(await read('package.json'));
  const texts = z.record(z.string(), z.string()).parse(await read('package.nls.json'));
  const text = (key: string): string => texts[key.replaceAll('%', '')] ?? key;
  return {
    ...contributes,
    text,
    title(command) {
      const found = contributes.commands.find((one) => one.command === command);
      if (!found) throw new Error(`${command} has no title.`);
      return text(found.title);
    },
  };
}

/** The links in a welcome text or a step of the walkthrough: what they say, and the command behind them. */
export function linksOf(text: string): { label: string; command: string }[] {
  return [...text.matchAll(/\[([^\]]*)\]\(command:([^)?]*)[^)]*\)/g)].map(([, label = '', command = '']) => ({
    label,
    command,
  }));
}

export type RowEntry = Contributed['menus']['view/item/context'][number];

/**
 * Whether this entry stands on a row.
 * @param context The row's context value.
 */
export function standsOn({ when }: RowEntry, view: string, context: string): boolean {
  const views = /^view =~ \/(.*?)\/( |$)/.exec(when)?.[1] ?? `^${/^view == (\S+)/.exec(when)?.[1] ?? ''}$`;
  const rows = /viewItem =~ \/(.*)\/$/.exec(when)?.[1] ?? '';
  return new RegExp(views).test(view) && new RegExp(rows).test(context);
}
