/** The manifest and the code speak of the same commands, views and settings. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import { agentActions } from '../../../src/ui/agents/agentActions.ts';
import { Command, EXTENSION_ID, SETTINGS_SECTION, Setting, View, machineSettings } from '../../../src/ui/ids.ts';

const root = path.resolve(import.meta.dirname, '../../..');

const menuItem = z.object({ command: z.string(), when: z.optional(z.string()), group: z.optional(z.string()) });
const manifestSchema = z.object({
  publisher: z.string(),
  name: z.string(),
  contributes: z.object({
    viewsContainers: z.object({ activitybar: z.array(z.object({ id: z.string(), icon: z.string() })) }),
    views: z.record(z.string(), z.array(z.object({ id: z.string() }))),
    viewsWelcome: z.array(z.object({ view: z.string(), contents: z.string(), when: z.optional(z.string()) })),
    commands: z.array(z.object({ command: z.string(), category: z.string() })),
    menus: z.record(z.string(), z.array(menuItem)),
    configuration: z.array(
      z.object({ properties: z.record(z.string(), z.object({ scope: z.string(), default: z.unknown() })) }),
    ),
  }),
  capabilities: z.object({
    untrustedWorkspaces: z.object({ supported: z.string(), restrictedConfigurations: z.array(z.string()) }),
  }),
});

async function json(file: string): Promise<unknown> {
  return JSON.parse(await readFile(path.join(root, file), 'utf8'));
}

function viewsIn(when = ''): string[] {
  return when.match(/needsYou|agents|tasks/g) ?? [];
}

function isInline(item: z.infer<typeof menuItem>): boolean {
  return item.group?.startsWith('inline') ?? false;
}

describe('the manifest', () => {
  let manifest: z.infer<typeof manifestSchema>;
  let words: Record<string, string>;
  let raw: string;

  before(async () => {
    const found = await json('package.json');
    raw = JSON.stringify(found);
    manifest = manifestSchema.parse(found);
    words = z.record(z.string(), z.string()).parse(await json('package.nls.json'));
  });

  it('has the id of the code', () => {
    assert.equal(`${manifest.publisher}.${manifest.name}`, EXTENSION_ID);
  });

  it('has the commands of the code, all under Tinytown', () => {
    const { commands } = manifest.contributes;
    assert.deepEqual(commands.map((it) => it.command).toSorted(), Object.values(Command).toSorted());
    assert.ok(commands.every((it) => it.category === 'Tinytown'));
  });

  it('has the views of the code', () => {
    const ids = manifest.contributes.views['tinytown']?.map((it) => it.id);
    assert.deepEqual(ids?.toSorted(), Object.values(View).toSorted());
  });

  it('has the settings of the code', () => {
    const ids = manifest.contributes.configuration.flatMap((it) => Object.keys(it.properties));
    const wanted = Object.values(Setting).map((id) => `${SETTINGS_SECTION}.${id}`);
    assert.deepEqual(ids.toSorted(), wanted.toSorted());
  });

  it('lets no workspace choose a program, its environment, or a Redis', () => {
    const properties = Object.assign({}, ...manifest.contributes.configuration.map((it) => it.properties));
    const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
    for (const id of machineSettings.map((setting) => `${SETTINGS_SECTION}.${setting}`)) {
      assert.equal(properties[id]?.scope, 'machine', id);
      assert.ok(restricted.includes(id), id);
    }
    assert.equal(manifest.capabilities.untrustedWorkspaces.supported, 'limited');
  });

  it('speaks of known commands and views only, in menus and welcome texts', () => {
    const known = new Set<string>(Object.values(Command));
    for (const item of Object.values(manifest.contributes.menus).flat())
      assert.ok(known.has(item.command), item.command);
    const links = JSON.stringify(words).matchAll(/command:(tinytown\.\w+)/g);
    for (const [, command] of links) assert.ok(known.has(command ?? ''), command);
    const views = new Set<string>(Object.values(View));
    for (const welcome of manifest.contributes.viewsWelcome) assert.ok(views.has(welcome.view), welcome.view);
  });

  it('asks menus only for what rows can do', () => {
    const asked = [...raw.matchAll(/can-(\w+);/g)].map(([, action]) => action);
    assert.ok(asked.length > 0);
    for (const action of asked)
      assert.ok(
        agentActions.some((it) => it === action),
        action,
      );
  });

  it('takes every word from the language file, and leaves none unused', () => {
    const used = new Set([...raw.matchAll(/"%([\w.-]+)%"/g)].map(([, key]) => key));
    assert.deepEqual(used, new Set(Object.keys(words)));
    for (const text of manifest.contributes.viewsWelcome) assert.match(text.contents, /^%.*%$/);
  });

  it('names files that are there', async () => {
    for (const container of manifest.contributes.viewsContainers.activitybar) {
      await readFile(path.join(root, container.icon));
    }
  });
});

describe('inline actions', () => {
  it('are all in the row’s own menu, too, which the keyboard opens', async () => {
    const { contributes } = manifestSchema.parse(await json('package.json'));
    const items = contributes.menus['view/item/context'] ?? [];
    for (const inline of items.filter(isInline)) {
      const inMenu = items.some(
        (it) =>
          !isInline(it) &&
          it.command === inline.command &&
          viewsIn(it.when).some((view) => viewsIn(inline.when).includes(view)),
      );
      assert.ok(inMenu, `${inline.command}, ${inline.when}`);
    }
  });

  it('are at most three on any agent, whatever its state', async () => {
    const { contributes } = manifestSchema.parse(await json('package.json'));
    const { contextFlags } = await import('../../../src/ui/agents/agentActions.ts');
    const { agentStates } = await import('../../../src/town/records/records.ts');
    const { english } = await import('./support.ts');
    const inline = (contributes.menus['view/item/context'] ?? []).filter((it) => it.group?.startsWith('inline'));
    const owners = ['here', 'elsewhere', 'external', 'none'] as const;
    for (const state of agentStates) {
      for (const owner of owners) {
        for (const held of [0, 1]) {
          const turn = state === 'working';
          const flags = contextFlags(
            { name: 'a', state, owner, turn, away: false, silent: false, held, dead: held },
            english,
          );
          const shown = inline.filter((it) =>
            new RegExp(/viewItem =~ \/(.*)\//.exec(it.when ?? '')?.[1] ?? '$^').test(flags),
          );
          assert.ok(shown.length >= 1 && shown.length <= 3, `${flags}: ${shown.map((it) => it.command).join(', ')}`);
          assert.equal(new Set(shown.map((it) => it.group)).size, shown.length, flags);
        }
      }
    }
  });
});
