/** What the doctor found, as plain text that can be copied into a report. Problems come first. */
import type { Check, CheckState } from '../../loop/doctor/check.ts';
import { inWords } from '../../util/sentence.ts';
import { stripControls } from '../../util/text.ts';
import type { Translate } from '../l10n.ts';

const marks: Record<CheckState, string> = { failed: '✗', warning: '!', ok: '✓' };
/** Line width in characters. */
const WIDTH = 90;

const order: readonly CheckState[] = ['failed', 'warning', 'ok'];

/** @param versions The versions in use, on one line. */
export function doctorText(checks: readonly Check[], versions: string, t: Translate): string {
  const blocks = order.flatMap((state) => {
    const lines = checks.filter((check) => check.state === state).flatMap((check) => linesOf(check, t));
    return lines.length === 0 ? [] : [lines.join('\n')];
  });
  return `${[summary(checks, t), ...blocks, stripControls(versions)].join('\n\n')}\n`;
}

function summary(checks: readonly Check[], t: Translate): string {
  const count = (state: CheckState): number => checks.filter((check) => check.state === state).length;
  const [failed, warnings] = [count('failed'), count('warning')];
  if (failed + warnings === 0) return t('Tinytown Doctor: everything is in order.');
  const words = [
    failed > 0 ? (failed === 1 ? t('1 thing is wrong') : t('{0} things are wrong', failed)) : '',
    warnings > 0 ? (warnings === 1 ? t('1 thing could be better') : t('{0} things could be better', warnings)) : '',
  ];
  return t('Tinytown Doctor: {0}.', words.filter(Boolean).join(', '));
}

function linesOf({ state, found, mend }: Check, t: Translate): string[] {
  const lines = folded(plain(inWords(found, t)), `${marks[state]} `, '  ');
  return mend === undefined ? lines : [...lines, ...folded(plain(inWords(mend, t)), '    → ', '      ')];
}

/** Breaks a line between words, because the editor does not wrap such a document. */
function folded(text: string, first: string, next: string): string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(' ')) {
    const begins = line === first || line === next;
    if (!begins && line.length + word.length >= WIDTH) {
      lines.push(line);
      line = next + word;
    } else line += begins ? word : ` ${word}`;
  }
  return [...lines, line];
}

/** Puts a finding on one line, even if it quotes several. */
function plain(text: string): string {
  return stripControls(text).replaceAll(/\s*\n\s*/g, ' ');
}
