/** The {@link TinytownApi} of the window's town. It stays the same when the town is reopened. */
import { type Disposable, DisposableStore } from '../util/disposable.ts';
import { Emitter } from '../util/event.ts';
import type { RuntimeEvent } from '../runtime/codingAgent.ts';
import type { AgentSummary, NeedSummary, ReceiptSummary, TinytownApi } from './api.ts';
import type { NeedsFeed } from './needs/needsFeed.ts';
import { wholeText } from './needs/needsYouItems.ts';
import type { Translate } from './l10n.ts';
import { Throttle } from './throttle.ts';
import type { TownHost } from './town/townHost.ts';
import { pictureOf, sortedAgents, taskOf } from './town/townPicture.ts';

const CHANGE_MS = 250;

/** @param onError Gets the errors that listeners throw. Listeners of other extensions must not break ours. */
export function createApi(
  { host, feed, version, t }: { host: TownHost; feed: NeedsFeed; version: string; t: Translate },
  onError: (error: unknown) => void,
): { api: TinytownApi } & Disposable {
  const store = new DisposableStore();
  const agentsChanged = store.add(new Emitter<void>(onError));
  const needsChanged = store.add(new Emitter<void>(onError));
  store.add(feed.onDidChange(() => needsChanged.fire()));
  const runtimeEvents = store.add(new Emitter<{ agentId: string; event: RuntimeEvent }>(onError));
  const changes = store.add(new Throttle<'changed'>(() => agentsChanged.fire(), CHANGE_MS));
  const receiptsChanged = store.add(new Emitter<readonly string[]>(onError));
  const moved = store.add(new Throttle<string>((ids) => receiptsChanged.fire([...ids]), CHANGE_MS));
  store.add(
    host.whileReady((session, ready) => {
      ready.add(
        session.mirror.onDidChange(({ agents }) => {
          changes.add('changed');
          for (const id of agents) moved.add(id);
        }),
      );
      ready.add(session.receipts.onDidChange((id) => moved.add(id)));
      ready.add(session.runner.onDidChangeView(() => changes.add('changed')));
      ready.add(session.runner.onRuntimeEvent((event) => runtimeEvents.fire(event)));
    }),
  );
  const api: TinytownApi = {
    version,
    async listAgents(): Promise<AgentSummary[]> {
      const picture = pictureOf(await host.session());
      return sortedAgents(picture).map((agent) => {
        const view = picture.view(agent.id);
        return {
          id: agent.id,
          name: agent.name,
          state: agent.state,
          cli: agent.cli,
          task: taskOf(agent, picture)?.description,
          thread: agent.runtimeSessionId,
          here: view.owner === 'here',
          mode: view.mode,
          model: view.model ?? agent.model,
          effort: view.reasoningEffort ?? agent.reasoningEffort,
        };
      });
    },
    async listNeeds(): Promise<NeedSummary[]> {
      return (await feed.refresh()).map((need) => ({
        kind: need.kind === 'request' ? need.request.kind : need.kind,
        id: need.kind === 'request' ? need.request.id : need.kind === 'message' ? need.message.id : need.key,
        agent: need.agentId,
        text: wholeText(need, t),
        since: need.at,
        waits: need.waits,
      }));
    },
    async listReceipts(agent): Promise<ReceiptSummary[]> {
      const { actions, receipts } = await host.session();
      const { id } = await actions.find(agent);
      return (await receipts.list(id)).map(({ can: _can, reason, attempts = 0, ...receipt }) => ({
        ...receipt,
        reason,
        attempts,
      }));
    },
    async listProcesses() {
      const uses = await (await host.session()).runner.processUses();
      return [...uses].map(([agent, use]) => ({ agent, ...use }));
    },
    async send(agent, text, options = {}) {
      return (await host.session()).actions.sendMessage(agent, text, options);
    },
    async steer(agent, text) {
      return (await host.session()).actions.steer(agent, text);
    },
    async interrupt(agent) {
      await (await host.session()).actions.interrupt(agent);
    },
    onDidChangeAgents: agentsChanged.event,
    onDidChangeNeeds: needsChanged.event,
    onDidChangeReceipts: receiptsChanged.event,
    onRuntimeEvent: runtimeEvents.event,
  };
  return { api, dispose: () => store.dispose() };
}
