/** How parts of the screen that are tested without an editor get their words: the editor's `l10n.t` is passed in. */

/** Translates `message` and fills in `{0}`, `{1}`, …; the shape of `vscode.l10n.t`. */
export type Translate = (message: string, ...args: (string | number | boolean)[]) => string;
