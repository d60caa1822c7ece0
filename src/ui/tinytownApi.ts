/** The {@link TinytownApi} over the window's town, whichever session is open. */
import { type Disposable, DisposableStore } from '../util/disposable.ts';
import { Emitter } from '../util/event.ts';
import type { RuntimeEvent } from '../runtime/codingAgent.ts';
import { sortedAgents } from './agentItems.ts';
import type { AgentSummary, TinytownApi } from './api.ts';
import { Throttle } from './throttle.ts';
import type { TownHost } from './townHost.ts';
import { pictureOf, taskOf } from './townPicture.ts';

const CHANGE_MS = 250;

/** Events of listeners elsewhere must not break ours: what they throw goes to `onError`. */
export function createApi(
  host: TownHost,
  version: string,
  onError: (error: unknown) => void,
): { api: TinytownApi } & Disposable {
  const store = new DisposableStore();
  const agentsChanged = store.add(new Emitter<void>(onError));
  const runtimeEvents = store.add(new Emitter<{ agentId: string; event: RuntimeEvent }>(onError));
  const changes = store.add(new Throttle<'changed'>(() => agentsChanged.fire(), CHANGE_MS));
  store.add(
    host.whileReady((session, ready) => {
      ready.add(session.mirror.onDidChange(() => changes.add('changed')));
      ready.add(session.crew.onDidChangeView(() => changes.add('changed')));
      ready.add(session.crew.onRuntimeEvent((event) => runtimeEvents.fire(event)));
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
        };
      });
    },
    async send(agent, text, options = {}) {
      await (await host.session()).actions.sendMessage(agent, text, options);
    },
    async steer(agent, text) {
      await (await host.session()).actions.steer(agent, text);
    },
    async interrupt(agent) {
      await (await host.session()).actions.interrupt(agent);
    },
    onDidChangeAgents: agentsChanged.event,
    onRuntimeEvent: runtimeEvents.event,
  };
  return { api, dispose: () => store.dispose() };
}
