/** What agents write, as Markdown that is nothing but text. */
import assert from 'node:assert/strict';
import { codeSpan, fence, harmlessBlock, harmlessInline } from '../../../src/ui/history/harmlessMarkdown.ts';

describe('text of agents in Markdown', () => {
  const cases: [what: string, text: string, harmless: string][] = [
    ['keeps paragraphs, lists and emphasis', 'One *two*\n\n- three\n- four', 'One *two*\n\n- three\n- four'],
    ['has no HTML', '<img src="https://x/y.png"> a < b', '\\<img src="https\\://x/y.png"> a \\< b'],
    ['has no HTML behind an escape either', '\\<b> \\\\<b>', '\\<b> \\\\\\<b>'],
    [
      'has no HTML behind an address, which takes an escape or a backtick for a part of it',
      'http://x/<a href="command:x"> http://x/`<img src="y">`',
      'http\\://x/\\<a href="command:x"> http\\://x/`<img src="y">`',
    ],
    [
      'keeps addresses as they are',
      'See `a<b>`, then https://x.y/z_(1)?a=b#c.',
      'See `a<b>`, then https://x.y/z_(1)?a=b#c.',
    ],
    ['has no links and no images', '![i](https://x/y) [run](command:x)', '![i]\\(https\\://x/y) [run]\\(command:x)'],
    ['defines no links', '[a]: command:x\n[a][a]', '[a]\\: command:x\n[a][a]'],
    ['has no headings', '# One\n  ## Two\nThree\n===\nFour\n---', '\\# One\n  \\## Two\nThree\n\\===\nFour\n\\---'],
    ['has no headings in lists and quotes', '- # One\n> ## Two\n>1. # Three', '- \\# One\n> \\## Two\n>1. \\# Three'],
    ['keeps code as it is', 'Use `Array<string>` and ``a ` <b>``.', 'Use `Array<string>` and ``a ` <b>``.'],
    ['takes a backtick without a partner for one', 'a ` b\n<i> ` <u>', 'a \\` b\n\\<i> \\` \\<u>'],
    ['trusts no code that a table may cut in two', '| `a | <img> | b` |', '| \\`a | \\<img> | b\\` |'],
    ['begins no formula', '$$ x', '\\$\\$ x'],
    ['keeps code blocks', '```ts\nif (a < b) [x](y)\n```\nafter', '```ts\nif (a < b) [x](y)\n```\n\nafter'],
    ['closes a code block that was left open', 'a\n~~~ sh x="y"\n<b>\n```', 'a\n\n````sh\n<b>\n```\n````'],
    ['takes the indent off a code block in a list', '- a\n  ```\n  b\n    c\n  ```', '- a\n\n```\nb\n  c\n```'],
    ['has no control characters', 'a\u001b[31mb\u0007\r\nc\u2028d', 'ab\nc\nd'],
  ];
  for (const [what, text, harmless] of cases) {
    it(what, () => assert.equal(harmlessBlock(text), harmless));
  }

  it('takes no longer where a message is nothing but code blocks', () => {
    const start = performance.now();
    harmlessBlock('```\n'.repeat(150_000));
    assert.ok(performance.now() - start < 5_000);
  });

  it('fits on one line where it has to', () => {
    assert.equal(harmlessInline('# a\n<b>'), '\\# a \\<b>');
  });

  it('is word for word in code of one line', () => {
    assert.equal(codeSpan('echo `a` ``b``\nc'), '```echo `a` ``b`` c```');
    assert.equal(codeSpan('`a'), '`` `a ``');
  });

  it('never ends a code block by itself', () => {
    assert.deepEqual(fence('a\n````\nb\n', 'text'), ['`````text', 'a', '````', 'b', '`````']);
    assert.deepEqual(fence('a', 'sh" onclick'), ['```sh', 'a', '```']);
  });
});
