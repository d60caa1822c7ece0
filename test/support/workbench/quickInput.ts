/** The command palette, quick picks and input boxes, which are one widget on top of the window. */
import type { Locator, Page } from 'playwright-core';
import { eventually } from '../eventually.ts';

export class QuickInput {
  readonly widget: Locator;
  readonly input: Locator;
  /** The choices in the list now. */
  readonly rows: Locator;
  /** An input box's validation message or prompt. */
  readonly message: Locator;

  private readonly page: Page;

  constructor(page: Page) {
    this.page = page;
    this.widget = page.locator('.quick-input-widget:visible');
    this.input = this.widget.locator('.quick-input-box input');
    this.rows = this.widget.locator('.monaco-list-row');
    this.message = this.widget.locator('.quick-input-message');
  }

  /** Replaces the text as soon as the widget is there. */
  async type(text: string): Promise<void> {
    await this.input.fill(text);
  }

  /** Accepts the text or the focused choice. */
  async accept(): Promise<void> {
    await this.input.press('Enter');
  }

  /** Goes back to the previous step. */
  async back(): Promise<void> {
    await this.widget.getByRole('button', { name: 'Back' }).click();
  }

  /** Chooses the row whose label contains `label`. */
  async pick(label: string | RegExp): Promise<void> {
    await this.rows.filter({ hasText: label }).first().click();
  }

  async cancel(): Promise<void> {
    await eventually(async () => {
      // The box may be visible before it has the focus.
      await this.page.keyboard.press('Escape');
      await this.widget.waitFor({ state: 'hidden', timeout: 2_000 });
      return true;
    });
  }

  /** Runs a command of the palette by its full title with its category: `Tinytown: New Agent`. */
  async runCommand(title: string): Promise<void> {
    // The whole label must match: "Tinytown: Steer" must not run "Tinytown: Steer All".
    const row = this.rows.filter({ has: this.page.getByText(title, { exact: true }) }).first();
    await eventually(async () => {
      // A new window may not know its keys or commands yet.
      await this.page.keyboard.press('F1');
      await this.input.fill(`>${title}`, { timeout: 1_000 });
      try {
        await row.click({ timeout: 10_000 });
      } catch (error) {
        // The palette lists the commands that were known when it opened. The next try opens it again.
        await this.page.keyboard.press('Escape');
        throw error;
      }
      return true;
    });
    // The command's own input appears in the same widget.
    await eventually(async () => {
      const texts = await this.input.evaluateAll((boxes) => boxes.map((box) => Object(box).value));
      return !texts.includes(`>${title}`);
    });
  }
}
