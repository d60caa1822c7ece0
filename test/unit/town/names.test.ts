import assert from 'node:assert/strict';
import { isSupervisor, resolveAgent, validateAgentName } from '../../../src/town/records/names.ts';
import { inEnglish } from '../../../src/util/sentence.ts';

const anna = { id: '1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed', name: 'backend', nickname: 'Anna' };
const bert = { id: '1b9d9999-bbfd-4b2d-9b5d-ab8dfbbd4bed', name: 'frontend' };
const carl = { id: '7c9e6679-7425-40de-944b-e07fc1f90ae7', name: 'tester', nickname: 'Backend' };
const others = ['backkend', 'Am\u00e9lie', 'front office'].map((name, place) => ({
  id: `${place}c9e6679-7425-40de-944b-e07fc1f90ae7`,
  name,
}));
const agents = [anna, bert, carl, ...others];

describe('a name for a new agent', () => {
  const good = ['docs', 'Anna 2', 'x'.repeat(64), 'Jürgen', '工人', 'a.b', 'supervisors', 'face1', 'cafés'];
  for (const name of good)
    it(`may be ${JSON.stringify(name)}`, () => assert.equal(validateAgentName(name, agents), undefined));
  const bad: [string, RegExp][] = [
    ['', /^Give the agent a name/],
    ['   ', /^Give the agent a name/],
    [' docs', /with a space/],
    ['x'.repeat(65), /longer than 64/],
    ['a\nb', /control/],
    ['a\u001b[31m', /control/],
    ['a\u202eb', /control/],
    ['supervisor', /reserved/],
    ['Conductor', /reserved/],
    [anna.id, /looks like/],
    ['1b9d', /looks like/],
    ['cafe', /looks like/],
    ['backend', /already an agent named “backend”/],
    ['BACKEND', /already an agent named “backend”/],
    ['anna', /“Anna” is the nickname of backend/],
    ['An\u200bna', /invisible characters/],
    ['supervisor\u00ad', /invisible characters/],
    ['docs\u3164', /invisible characters/],
    ['a\u00a0b', /invisible characters/],
    ['\uff42ackend', /already an agent named “backend”/],
    ['\uff33upervisor', /reserved/],
    ['back\u212aend', /already an agent named “backkend”/],
    ['Ame\u0301lie', /already an agent named “Am\u00e9lie”/],
    ['front  office', /already an agent named “front office”/],
  ];
  for (const [name, problem] of bad) {
    it(`may not be ${JSON.stringify(name)}`, () =>
      assert.match(inEnglish(validateAgentName(name, agents) ?? ''), problem));
  }
});

describe('a reference to an agent', () => {
  const found: [string, { id: string }][] = [
    [anna.id, anna],
    [anna.id.toUpperCase(), anna],
    ['frontend', bert],
    ['FrontEnd ', bert],
    ['Anna', anna],
    ['tester', carl],
    ['7c9e', carl],
    ['7C9E', carl],
  ];
  for (const [ref, agent] of found) {
    it(`${JSON.stringify(ref)} is found`, () => assert.deepEqual(resolveAgent(ref, agents), { ok: true, agent }));
  }

  it('that differs by normalization finds it, unless somebody has exactly this name', () => {
    const twins = [
      { id: anna.id, name: 'Am\u00e9lie' },
      { id: carl.id, name: 'Ame\u0301lie' },
    ];
    assert.deepEqual(resolveAgent('Am\u00e9lie', twins), { ok: true, agent: twins[0] });
    assert.deepEqual(resolveAgent('ame\u0301lie', twins), { ok: true, agent: twins[1] });
    assert.deepEqual(resolveAgent('Ame\u0301lie', twins.slice(0, 1)), { ok: true, agent: twins[0] });
    assert.ok(!resolveAgent('Am\u200b\u00e9lie', twins).ok);
    assert.deepEqual(
      resolveAgent('backend', [
        bert,
        { ...anna, nickname: undefined },
        { ...carl, name: 'back\u200bend', nickname: undefined },
      ]),
      {
        ok: true,
        agent: { ...anna, nickname: undefined },
      },
    );
  });

  it('that means two names the candidates', () => {
    for (const ref of ['1b9d', 'backend']) {
      const resolved = resolveAgent(ref, agents);
      assert.ok(!resolved.ok);
      assert.equal(resolved.reason, 'ambiguous');
      assert.ok(inEnglish(resolved.message).includes(anna.id));
    }
  });

  it('that means nobody says who there is', () => {
    for (const ref of ['', 'nobody', '1b9', 'ffff']) {
      const resolved = resolveAgent(ref, agents);
      assert.ok(!resolved.ok);
      assert.equal(resolved.reason, 'notFound');
      assert.match(inEnglish(resolved.message), /backend, .*frontend, tester/);
    }
    const none = resolveAgent('x', []);
    assert.ok(!none.ok);
    assert.match(inEnglish(none.message), /no agents yet/);
  });

  it('may mean the supervisor', () => {
    for (const ref of ['supervisor', ' Conductor', '00000000-0000-0000-0000-000000000001'])
      assert.ok(isSupervisor(ref));
    assert.ok(!isSupervisor('backend'));
  });
});
