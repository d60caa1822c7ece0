/** Translation for code that is tested without an editor: the editor's `l10n.t` is passed in. */

/** Translates `message` and fills in `{0}`, `{1}`, and so on. Has the type of `vscode.l10n.t`. */
export type Translate = (message: string, ...args: (string | number | boolean)[]) => string;
