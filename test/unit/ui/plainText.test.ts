/** What agents write stays text in every place of the editor that reads syntax of its own into a text. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as fc from 'fast-check';
import { withoutIcons, withoutLinks, withoutMarks } from '../../../src/ui/plainText.ts';

/** As the editor looks for links in a notification (`parseLinkedText`), and for icons in a label (`parseLabelWithIcons`). */
const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
const icon = /\$\([A-Za-z0-9-]+(?:~[A-Za-z]+)?\)/;

const sources = path.resolve(import.meta.dirname, '../../../src/ui');

describe('text of agents', () => {
  it('is no link in a notification', () => {
    const evil = 'done, see [the result](command:workbench.action.terminal.new) and [more](https://evil.example "x")';
    assert.match(evil, link);
    assert.doesNotMatch(withoutLinks(evil), link);
  });

  it('is no icon in a quick pick', () => {
    const evil = '$(check) approved $(loading~spin)';
    assert.match(evil, icon);
    assert.doesNotMatch(withoutIcons(evil), icon);
  });

  it('stays readable, and is neither whatever it is', () => {
    const parts = fc.constantFrom('[', ']', '(', ')', '$', 'a', 'command:x', 'https://h', '$(', '](', '"', '~', ' ');
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 30 }), (pieces) => {
        const text = pieces.join('');
        assert.doesNotMatch(withoutLinks(text), link);
        assert.doesNotMatch(withoutIcons(text), icon);
        assert.doesNotMatch(withoutMarks(text), link);
        assert.doesNotMatch(withoutMarks(text), icon);
        assert.equal(withoutMarks(text).replaceAll('\u200b', ''), text);
      }),
    );
  });

  it('reaches notifications and the status bar by one file only, which sees to that', () => {
    const callers = globSync('**/*.ts', { cwd: sources }).filter((file) =>
      /\.(?:show(?:Information|Warning|Error)|setStatusBar)Message\b|ProgressLocation\.Window/.test(
        readFileSync(path.join(sources, file), 'utf8'),
      ),
    );
    assert.deepEqual(callers, ['notify.ts']);
  });

  it('is never Markdown', () => {
    const users = globSync('**/*.ts', { cwd: sources }).filter((file) =>
      /\bMarkdownString\b|supportThemeIcons|isTrusted\s*[:=]\s*true/.test(
        readFileSync(path.join(sources, file), 'utf8'),
      ),
    );
    assert.deepEqual(users, []);
  });
});
