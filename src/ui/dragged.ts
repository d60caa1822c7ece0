/** The data that our rows carry while they are dragged, and how a view reads it when they are dropped. */
import * as vscode from 'vscode';
import type * as z from 'zod/mini';

/** The editor's MIME type for the rows of a view. It must be in lower case. */
export function rowsOf(view: string): string {
  return `application/vnd.code.tree.${view.toLowerCase()}`;
}

/** Attaches `value` to the drag as JSON, because the editor passes only text from one view to another. */
export function carry(transfer: vscode.DataTransfer, type: string, value: unknown): void {
  transfer.set(type, new vscode.DataTransferItem(JSON.stringify(value)));
}

/**
 * The value of `type` that has this shape. Undefined if there is none. When rows are dropped on another view, the editor adds
 * its own entry under the same type, so every entry is tried.
 */
export async function carried<T>(
  transfer: vscode.DataTransfer,
  type: string,
  shape: z.ZodMiniType<T>,
): Promise<T | undefined> {
  for (const [name, item] of transfer) {
    if (name !== type) continue;
    const value = shape.safeParse(parsed(await item.asString()));
    if (value.success) return value.data;
  }
  return undefined;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
