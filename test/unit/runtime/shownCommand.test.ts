/** The command that is shown is the command that runs. The lines are what codex 0.171 made of the scripts. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { withoutShell } from '../../../src/runtime/shownCommand.ts';
import { shellLine, shellWord, wordsOf } from '../../../src/util/shellWords.ts';

describe('a command that a system shell runs', () => {
  const table: [string, string][] = [
    ['/bin/bash -lc ls', 'ls'],
    ["/bin/bash -lc 'npm test'", 'npm test'],
    [`/bin/bash -lc 'echo $A; rm -rf '"'build dir'; echo "'$B'`, "echo $A; rm -rf 'build dir'; echo $B"],
    [String.raw`/bin/bash -lc "git commit -m \"it's\""`, `git commit -m "it's"`],
    [String.raw`/bin/bash -lc "echo 'a\\b'"`, String.raw`echo 'a\b'`],
    [String.raw`/bin/bash -lc "grep -n '\\"'$x'"' \"a b\""`, String.raw`grep -n '\$x' "a b"`],
    [`/bin/bash -lc 'echo ''^a'`, 'echo ^a'],
    ["/bin/bash -lc \"printf '%s\\\\n' \"'`date`'", "printf '%s\\n' `date`"],
    [`/bin/bash -lc "awk '{print "'$1}'"' f"`, "awk '{print $1}' f"],
    ["/bin/bash -lc 'echo !x'", 'echo !x'],
    [String.raw`/bin/bash -lc "sed 's/a/b/g' \"it's\" "'$X'`, `sed 's/a/b/g' "it's" $X`],
    [`/bin/bash -lc "cat <<'E'\nhi "'$x\nE'`, "cat <<'E'\nhi $x\nE"],
    ["/bin/bash -lc 'echo é'", 'echo é'],
    [String.raw`/bin/bash -lc "echo \"a\" 'b' \\c"`, String.raw`echo "a" 'b' \c`],
    ["/bin/bash -lc '^x'", '^x'],
    ['/usr/bin/sh -lc ls', 'ls'],
    ["/usr/bin/zsh -c 'a\nb'", 'a\nb'],
    ["/opt/homebrew/bin/bash -lc 'npm test'", 'npm test'],
  ];
  for (const [line, script] of table) {
    it(`is shown as ${JSON.stringify(script)}`, () => assert.equal(withoutShell(line), script));
  }
});

describe('a line that is more than a system shell with one script', () => {
  const raw = [
    'git push',
    "/ws/x/bash -lc 'npm test'",
    "./bash -lc 'npm test'",
    "bash -lc 'npm test'",
    "/bin/../ws/bash -lc 'npm test'",
    "'/bin/bash ' -lc 'npm test'",
    "/ws/bin/bash -lc 'npm test'",
    "/bin/bash -lc 'npm test' other",
    "/bin/bash -lic 'npm test'",
    "/bin/bash --rcfile x -c 'npm test'",
    '/bin/bash -lc npm; rm -rf .',
    '/bin/bash -lc npm\nrm -rf .',
    '/bin/bash -lc $(rm)',
    '/bin/bash -lc "$(rm)"',
    "/bin/bash -lc 'unclosed",
    '/bin/bash -lc "unclosed\\"',
    "/bin/bash -lc ''",
    "/bin/bash -lc ' '",
    '/bin/bash -lc',
    '',
  ];
  for (const line of raw)
    it(`is shown as it is: ${JSON.stringify(line)}`, () => assert.equal(withoutShell(line), line));
});

describe('the words of a shell', () => {
  /** Text of the characters that quoting is about, more often than of others. */
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom(...`'"\\$\`!^ \n\t;|&<>(){}[]*?#~=%-`.split('')),
      fc.string({ unit: 'grapheme', maxLength: 1 }),
    ),
  });

  it('are read back as they were, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(text), (words) => {
        assert.deepEqual(wordsOf(shellLine(words)), words);
      }),
    );
  });

  it('are read back from quotes of every kind', () => {
    const pieces = fc.array(fc.tuple(text, fc.constantFrom('single', 'double', 'backslash')), { minLength: 1 });
    fc.assert(
      fc.property(pieces, (parts) => {
        const word = parts.map(([part, kind]) => quotedAs(part, kind)).join('');
        assert.deepEqual(wordsOf(`a ${word} b`), ['a', parts.map(([part]) => part).join(''), 'b']);
      }),
    );
  });

  it('are read as a real shell reads them', function () {
    if (process.platform === 'win32') this.skip();
    const lines = fc.sample(fc.string({ unit: fc.constantFrom(...`'"\\$;a ^!{]\`é`.split('')), maxLength: 12 }), 400);
    const readable = lines.flatMap((line) => {
      const words = wordsOf(line);
      return words === undefined ? [] : [{ line, words }];
    });
    assert.ok(readable.length > 20);
    const script = readable.map(({ line }) => `printf '%s\\0' ${line}; printf '\\1'`).join('\n');
    const printed = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).split('\u0001');
    for (const [place, { line, words }] of readable.entries()) {
      // A printf without arguments prints its format once.
      const expected = words.length === 0 ? '\0' : words.map((word) => `${word}\0`).join('');
      assert.equal(printed[place], expected, JSON.stringify(line));
    }
  });

  it('need no quotes where they are plain', () => {
    assert.equal(shellLine(['git', 'log', '--format=%h', 'a/b.c']), 'git log --format=%h a/b.c');
    assert.equal(shellWord('$(whoami)'), "'$(whoami)'");
    assert.equal(shellWord("d'Artagnan"), String.raw`'d'\''Artagnan'`);
    assert.equal(shellWord(''), "''");
  });
});

function quotedAs(part: string, kind: string): string {
  if (kind === 'double') return `"${part.replaceAll(/["\\$`]/g, String.raw`\$&`)}"`;
  if (kind === 'single' || part.includes('\n')) return `'${part.replaceAll("'", `'"'"'`)}'`;
  return part === '' ? "''" : part.replaceAll(/[\s\S]/gu, String.raw`\$&`);
}
