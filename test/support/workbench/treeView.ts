/** One view of the sidebar that shows a tree. */
import type { Locator, Page } from 'playwright-core';
import { eventually } from '../eventually.ts';

export class TreeView {
  readonly pane: Locator;
  /** All visible rows, each a tree item. */
  readonly items: Locator;
  /** The text in an empty view. */
  readonly welcome: Locator;

  private readonly page: Page;

  /** @param title The view's title in its header. */
  constructor(page: Page, title: string) {
    this.page = page;
    this.pane = page.locator('.sidebar .pane').filter({ has: page.locator(`.pane-header h3:text-is("${title}")`) });
    this.items = this.pane.locator('.monaco-list-row[role="treeitem"]');
    this.welcome = this.pane.locator('.welcome-view-content');
  }

  /** The row whose label is exactly `label`. */
  item(label: string): Locator {
    return this.items.filter({ has: this.page.locator(`.label-name :text-is(${JSON.stringify(label)})`) });
  }

  /** The gray text beside the label. */
  description(label: string): Locator {
    return this.item(label).locator('.label-description');
  }

  /**
   * Resolves when an agent is in a state, for example `idle`. Unread results come before the state in the row. With `only`, no
   * other text may follow the state.
   */
  async waitForState(name: string, state: string, { only = false } = {}): Promise<void> {
    const end = only ? '( ·|$)' : '';
    await this.description(name)
      .getByText(new RegExp(`^(● finished [^·]+ · )?${state}${end}`))
      .waitFor();
  }

  /** The texts of the visible rows, for example `builder idle`. */
  async texts(): Promise<string[]> {
    const rows = await this.items.all();
    const parts = rows.map((row) => row.locator('.label-name, .label-description').allInnerTexts());
    return (await Promise.all(parts)).map((texts) => texts.join(' ').trim());
  }

  /** Resolves when the row is open. It may have no children yet. */
  expand(label: string): Promise<void> {
    return this.fold(label, 'true');
  }

  /** Resolves when the row is closed. It must have children. */
  collapse(label: string): Promise<void> {
    return this.fold(label, 'false');
  }

  private async fold(label: string, wanted: 'true' | 'false'): Promise<void> {
    const row = this.item(label);
    await eventually(
      async () => {
        const state = await row.getAttribute('aria-expanded');
        if (state === wanted || state === null) return state === wanted;
        await row.locator('.monaco-tl-twistie').click();
        // The editor may lose the click while it redraws the rows.
        await row.and(this.page.locator(`[aria-expanded="${wanted}"]`)).waitFor({ timeout: 3_000 });
        return true;
      },
      { what: `“${label}” ${wanted === 'true' ? 'open' : 'closed'}` },
    );
  }

  async select(label: string): Promise<void> {
    await this.item(label).click();
  }

  /** Presses an inline button of a row, by its tooltip. */
  async clickInline(label: string, action: string): Promise<void> {
    const row = this.item(label);
    await row.hover();
    await row.locator(`.actions .action-label[aria-label^="${action}"]`).click();
  }

  /** A button of the view's own title bar. */
  titleButton(action: string): Locator {
    return this.pane.locator(`.pane-header .action-label[aria-label^=${JSON.stringify(action)}]`);
  }

  /** Presses a button of the view's own title bar, or chooses it from the menu behind the last button. */
  async pressTitle(action: string): Promise<void> {
    const header = this.pane.locator('.pane-header');
    const button = this.titleButton(action);
    const isButton = await eventually(async () => {
      await header.hover();
      // The buttons of the title bar may be a moment behind.
      if ((await button.count()) > 0) return 'yes';
      await header.locator('.action-label[aria-label^="More Actions"]').click();
      try {
        await this.entry(action).hover({ timeout: 3_000 });
      } catch (error) {
        await this.page.keyboard.press('Escape');
        throw error;
      }
      return 'no';
    });
    if (isButton === 'yes') return button.click();
    // A new menu ignores clicks at first, but takes keys at once.
    await this.page.keyboard.press('Enter');
  }

  /** Chooses from a row's context menu. */
  async contextMenu(label: string, action: string, { by = 'key' }: { by?: 'key' | 'mouse' } = {}): Promise<void> {
    await eventually(async () => {
      await this.item(label).click({ button: 'right' });
      try {
        await this.entry(action).hover({ timeout: 3_000 });
      } catch (error) {
        // The menu depends on the row, which may be a moment behind.
        await this.page.keyboard.press('Escape');
        throw error;
      }
      return true;
    });
    if (by === 'key') return this.page.keyboard.press('Enter');
    await eventually(async () => {
      if ((await this.entry(action).count()) === 0) return true;
      // A new menu ignores clicks at first.
      await this.entry(action).click({ timeout: 1_000 });
      await this.entry(action).waitFor({ state: 'detached', timeout: 1_000 });
      return true;
    });
  }

  private entry(action: string): Locator {
    const label = this.page.locator(`.action-label:text-is(${JSON.stringify(action)})`);
    return this.page.locator('.context-view .action-menu-item').filter({ has: label });
  }
}
