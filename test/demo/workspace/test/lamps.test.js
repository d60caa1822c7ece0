import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lightingTime } from '../src/lamps.js';

test('lamps are lit a quarter of an hour before sunset', () => {
  assert.equal(lightingTime(1200), 1185);
});
