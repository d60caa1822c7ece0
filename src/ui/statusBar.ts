/** The extension's status bar item. */
import * as vscode from 'vscode';
import type { Disposable } from '../util/disposable.ts';
import { Command } from './ids.ts';
import type { NeedsFeed } from './needs/needsFeed.ts';
import { statusOf } from './status.ts';
import { Throttle } from './throttle.ts';
import { folderToName } from './town/townFolder.ts';
import type { TownHost } from './town/townHost.ts';
import { pictureOf } from './town/townPicture.ts';

const REFRESH_MS = 250;

export class StatusBar implements Disposable {
  private readonly item = vscode.window.createStatusBarItem('tinytown.status', vscode.StatusBarAlignment.Left, 10);
  private readonly throttle = new Throttle<'all'>(() => this.draw(), REFRESH_MS);
  private readonly host: TownHost;
  private readonly feed: NeedsFeed;

  constructor(host: TownHost, feed: NeedsFeed) {
    this.host = host;
    this.feed = feed;
    this.item.name = 'Tinytown';
  }

  /** Something may have changed. Cheap to call often. */
  refresh(): void {
    this.throttle.add('all');
  }

  dispose(): void {
    this.throttle.dispose();
    this.item.dispose();
  }

  private draw(): void {
    const session = this.host.ready;
    const status = statusOf(this.host.state, session && pictureOf(session), this.feed.needs, vscode.l10n.t);
    if (!status) {
      this.item.hide();
      return;
    }
    const folder = folderToName(this.host.state, vscode.workspace.workspaceFolders?.length ?? 0);
    const tooltip =
      folder === undefined ? status.tooltip : `${status.tooltip}\n${vscode.l10n.t('Folder: {0}', folder)}`;
    this.item.text = status.text;
    this.item.tooltip = tooltip;
    this.item.command = status.warning ? Command.nextNeed : Command.showAgents;
    this.item.accessibilityInformation = { label: tooltip };
    this.item.backgroundColor = status.warning ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    this.item.show();
  }
}
