/** The extension's log, in a log channel of the editor. The editor controls the level. Secrets are removed. */
import * as vscode from 'vscode';
import type { Disposable } from '../util/disposable.ts';
import type { Logger } from '../util/logger.ts';
import { redact } from './redact.ts';

export class EditorLog implements Logger, Disposable {
  private readonly channel = vscode.window.createOutputChannel('Tinytown', { log: true });
  private readonly secrets = new Set<string>();

  /** From now on, removes `secret` from everything that is logged. */
  hide(secret: string): void {
    this.secrets.add(secret);
  }

  trace(message: string): void {
    // Many wire frames a second come here. Skip the work unless trace is on.
    if (this.channel.logLevel === vscode.LogLevel.Trace) this.channel.trace(this.clean(message));
  }

  debug(message: string): void {
    this.channel.debug(this.clean(message));
  }

  info(message: string): void {
    this.channel.info(this.clean(message));
  }

  warn(message: string): void {
    this.channel.warn(this.clean(message));
  }

  error(message: string): void {
    this.channel.error(this.clean(message));
  }

  show(): void {
    this.channel.show(true);
  }

  dispose(): void {
    this.channel.dispose();
  }

  /** `text` without secrets, for text that is shown elsewhere. */
  redacted(text: string): string {
    return redact(text, [...this.secrets]);
  }

  private clean(message: string): string {
    return this.redacted(message).toWellFormed();
  }
}
