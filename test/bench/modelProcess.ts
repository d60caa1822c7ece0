/**
 * The scripted model in its own process, like a real one elsewhere, so that the measuring process cannot delay it. Reports
 * each request that contains a token. Holds its answers while told to.
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
