/** What a text hides is spelled out, and what looks like something else is named. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { hidesCharacters, lookAlikesIn, spellHidden, spellOut } from '../../../src/util/hidden.ts';

describe('hidden characters', () => {
  const table: [string, number[]][] = [
    ['zero-width', [0x200b, 0x200c, 0x200d, 0x2060, 0xfeff, 0x180e]],
    ['soft hyphen and joiners', [0xad, 0x34f, 0x70f]],
    ['direction', [0x61c, 0x200e, 0x200f, 0x202a, 0x202e, 0x2066, 0x2069]],
    ['fillers', [0x115f, 0x1160, 0x3164, 0xffa0, 0x17b4, 0x2800, 0x1d159, 0x13441]],
    ['variation selectors', [0xfe00, 0xfe0f, 0xe0100, 0x180b]],
    ['tags', [0xe0001, 0xe0041, 0xe007f]],
    ['line and paragraph separators', [0x2028, 0x2029, 0x85]],
    ['spaces other than the usual one', [0xa0, 0x1680, 0x2000, 0x2003, 0x200a, 0x202f, 0x205f, 0x3000]],
    ['controls', [0, 7, 8, 0xb, 0xc, 0xd, 0x1b, 0x7f, 0x9b]],
    ['invisible operators and notes', [0x2061, 0x2064, 0x1d173, 0xfff9]],
    ['private, unassigned and half characters', [0xe000, 0xf8ff, 0x100000, 0x378, 0xffff, 0xd800, 0xdfff]],
    ['marks without a letter', [0x300, 0x336, 0x20dd]],
  ];
  for (const [what, codes] of table) {
    it(`are spelled out: ${what}`, () => {
      for (const code of codes) {
        const text = `rm ${String.fromCodePoint(code)}x`;
        assert.equal(spellHidden(text), `rm \\u{${code.toString(16)}}x`);
        assert.ok(hidesCharacters(text));
      }
    });
  }

  it('are not in what people write', () => {
    const text = 'git commit -m "Grüße, naïve café (e\u0301) 日本語 한국어 हिन्दी עברית العربية 🎉 ½ €"\n\tnext';
    assert.equal(spellHidden(text), text);
    assert.ok(!hidesCharacters(text));
  });

  it('are never left over', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const spelled = spellHidden(text);
        assert.equal(spellHidden(spelled), spelled);
        assert.ok(!/[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Cs}]/u.test(spelled));
      }),
    );
  });
});

describe('letters that are written from right to left', () => {
  it('are spelled out where what stands between them would be shown in another order', () => {
    const table: [string, string][] = [
      ['cat \u05d0 > \u05d1', 'cat \\u{5d0} > \\u{5d1}'],
      ['cp \u05d0 \u05d1', 'cp \\u{5d0} \\u{5d1}'],
      ['\u0627/\u0628', '\\u{627}/\\u{628}'],
      ['kill \u05d0 5', 'kill \\u{5d0} 5'],
      ['ls \u05d0\ncp \u05d0 \u05d1', 'ls \u05d0\ncp \\u{5d0} \\u{5d1}'],
    ];
    for (const [text, spelled] of table) assert.equal(spellOut(text), spelled);
  });

  it('are shown as they are where nothing is', () => {
    const [word, pointed] = ['\u05e9\u05dc\u05d5\u05dd', '\u05de\u05b4\u05dc\u05bc\u05b8\u05d4'];
    for (const text of [`echo ${word}`, pointed, `cp ${word} to ${word}`, `${word}\n${word}`, `5 ${word}!`]) {
      assert.equal(spellOut(text), text);
    }
  });
});

describe('look-alike characters', () => {
  const table: [string, string[]][] = [
    ['c\u0430t file', ['U+0430']],
    ['\u0441\u0443 root', ['U+0441', 'U+0443']],
    ['rm \u2013rf', ['U+2013']],
    ['a\u037e b', ['U+037E']],
    ['\uff0fetc', ['U+FF0F']],
    ['\u2215etc\u2044x', ['U+2215', 'U+2044']],
    ['\u{1d41a}', ['U+1D41A']],
    ['\u212aey', ['U+212A']],
    ['echo \u2018a\u2019', ['U+2018', 'U+2019']],
    ['l\u0131st', ['U+0131']],
  ];
  for (const [text, codes] of table) {
    it(`are named: ${text}`, () => {
      assert.deepEqual(
        lookAlikesIn(text).map(({ code }) => code),
        codes,
      );
    });
  }

  it('are not in what people write', () => {
    for (const text of ['plain', 'Grüße', 'Привет мир', 'Καλημέρα κόσμε', '日本語 mix容器', 'naïve', '🎉', '½ cup']) {
      assert.deepEqual(lookAlikesIn(text), [], text);
    }
  });

  it('are found in a huge word, too', () => {
    const start = performance.now();
    assert.deepEqual(lookAlikesIn('\u0430'.repeat(200_000)), [{ character: '\u0430', code: 'U+0430' }]);
    assert.ok(performance.now() - start < 5_000);
  });

  it('are named all, or as many as are asked for', () => {
    assert.equal(lookAlikesIn('\u201c\u201d\u2018\u2019\u2013\u2014\u2039\u203a\u2212\u2215 c\u0430t').length, 11);
    assert.equal(lookAlikesIn('\uff21\uff22\uff23\uff24', 2).length, 2);
  });
});
