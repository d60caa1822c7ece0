/** The extension's own log, in the editor's log channel: levels are the editor's, secrets are taken out. */
import * as vscode from 'vscode';
import type { Disposable } from '../util/disposable.ts';
import type { Logger } from '../util/logger.ts';
import { redact } from './redact.ts';

export class EditorLog implements Logger, Disposable {
  private readonly channel = vscode.window.createOutputChannel('Tinytown', { log: true });
  private readonly secrets = new Set<string>();

  /** From now on `secret` is taken out of what is logged. */
  hide(secret: string): void {
    this.secrets.add(secret);
  }

  trace(message: string): void {
    // Wire frames come here, many a second: nothing is done for them unless somebody reads them.
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

  /** `text` without secrets, for where else it is shown. */
  redacted(text: string): string {
    return redact(text, [...this.secrets]);
  }

  private clean(message: string): string {
    return this.redacted(message).toWellFormed();
  }
}
