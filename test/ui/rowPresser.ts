/** Presses inline buttons and context menus of rows with the mouse, and remembers which entries of the manifest it has pressed. */
import assert from 'node:assert/strict';
import type { Workbench } from '../support/workbench/workbench.ts';
import { type Contributed, type RowEntry, standsOn } from './contributed.ts';
import { type Outcome, outcomeSeen } from './outcome.ts';

export type ViewTitle = 'Agents' | 'Needs You' | 'Tasks';

const viewIds = { Agents: 'tinytown.agents', 'Needs You': 'tinytown.needsYou', Tasks: 'tinytown.tasks' };

export interface RowButtons {
  inline(command: string, outcome: Outcome): Promise<void>;
  menu(command: string, outcome: Outcome): Promise<void>;
}

export class RowPresser {
  private readonly workbench: Workbench;
  private readonly contributed: Contributed;
  private readonly pressed = new Set<RowEntry>();

  constructor(workbench: Workbench, contributed: Contributed) {
    this.workbench = workbench;
    this.contributed = contributed;
  }

  /**
   * The buttons of one row.
   * @param context The beginning of its context value; what an agent can do need not be listed.
   */
  row(view: ViewTitle, label: string, context: string): RowButtons {
    const tree = this.workbench.view(view);
    const press = async (inline: boolean, command: string, outcome: Outcome): Promise<void> => {
      this.count(view, context, `tinytown.${command}`, inline);
      const title = this.contributed.title(`tinytown.${command}`);
      await (inline ? tree.clickInline(label, title) : tree.contextMenu(label, title, { by: 'mouse' }));
      await outcomeSeen(this.workbench, `${title} of ${label}`, outcome);
    };
    return {
      inline: (command, outcome) => press(true, command, outcome),
      menu: (command, outcome) => press(false, command, outcome),
    };
  }

  /** Those of the entries that fit which were never pressed, as the manifest says them. */
  left(fits: (entry: RowEntry) => boolean): string[] {
    const entries = this.contributed.menus['view/item/context'];
    return entries.filter((entry) => fits(entry) && !this.pressed.has(entry)).map(said);
  }

  private count(view: ViewTitle, context: string, command: string, inline: boolean): void {
    const whole = context.startsWith('agent;') ? `${context}${command.replace('tinytown.', 'can-')};` : context;
    const found = this.contributed.menus['view/item/context'].filter(
      (entry) =>
        entry.command === command &&
        entry.group.startsWith('inline') === inline &&
        standsOn(entry, viewIds[view], whole),
    );
    assert.ok(found.length > 0, `The manifest has no ${inline ? 'button' : 'menu entry'} ${command} for ${whole}`);
    for (const entry of found) this.pressed.add(entry);
  }
}

function said({ command, when, group }: RowEntry): string {
  return `${command} · ${group} · ${when}`;
}
