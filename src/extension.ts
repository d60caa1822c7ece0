/** Wires the rooms together for the editor; holds no logic. */
import type * as vscode from 'vscode';

export function activate(_context: vscode.ExtensionContext): void {}
