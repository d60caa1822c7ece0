/**
 * The scripted model in a process of its own, as a real one is elsewhere: what the measuring process does when a request
 * comes must not keep it waiting. Tells of each request that holds a token; keeps its answers back while told to.
 */
import { startScriptedModel, gate } from '../support/scriptedModel.ts';

let held: ReturnType<typeof gate> | undefined;

const model = await startScriptedModel({
  script({ userTexts }) {
    const at = performance.timeOrigin + performance.now();
    for (const [token] of userTexts.at(-1)?.matchAll(/bench-\d+-token/g) ?? []) process.send?.({ token, at });
    return held ? [{ hold: held.opened }, { text: 'done' }] : [{ text: 'done' }];
  },
});
process.on('message', (message) => {
  if (message === 'hold') held = gate();
  else {
    held?.open();
    held = undefined;
  }
});
process.once('disconnect', () => process.exit(0));
process.send?.({ url: model.url });
