/**
 * The few values of the editor's API that drawing a tree needs. For rows that measure the drawing itself: the tree's own code
 * runs, but its output goes nowhere.
 */
import { registerHooks } from 'node:module';
import { Emitter } from '../../src/util/event.ts';

export class EventEmitter<T> extends Emitter<T> {}

export class TreeItem {
  label: string;
  collapsibleState: number;

  constructor(label: string, collapsibleState: number) {
    this.label = label;
    this.collapsibleState = collapsibleState;
  }
}

export class ThemeColor {
  id: string;

  constructor(id: string) {
    this.id = id;
  }
}

export class ThemeIcon extends ThemeColor {
  color: ThemeColor | undefined;

  constructor(id: string, color?: ThemeColor) {
    super(id);
    this.color = color;
  }
}

export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 };
export const Uri = { file: (path: string) => ({ path }), joinPath: ({ path }: { path: string }) => ({ path }) };
export const l10n = { t: (text: string): string => text };

/** Makes `import 'vscode'` return these values from now on. */
export function standInForEditor(): void {
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'vscode' ? { url: import.meta.url, shortCircuit: true } : next(specifier, context),
  });
}
