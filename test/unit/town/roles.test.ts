import assert from 'node:assert/strict';
import { matchesRole, roleHint, roleOf, type Role } from '../../../src/town/records/roles.ts';

describe('the role of an agent', () => {
  const names: [string, Role][] = [
    ['frontend', 'frontend'],
    ['UI-wizard', 'frontend'],
    ['webby', 'frontend'],
    ['client-tester', 'frontend'],
    ['backend-1', 'backend'],
    ['api', 'backend'],
    ['server-test', 'backend'],
    ['tester', 'tester'],
    ['qa', 'tester'],
    ['reviewer', 'reviewer'],
    ['auditor', 'reviewer'],
    ['docs', 'docs'],
    ['songwriter', 'docs'],
    ['devops', 'devops'],
    ['ops', 'devops'],
    ['infra', 'devops'],
    ['deployer', 'devops'],
    ['security', 'security'],
    ['sec', 'security'],
    ['SEC', 'security'],
    ['secretary', 'general'],
    ['Anna', 'general'],
    ['', 'general'],
  ];
  for (const [name, role] of names)
    it(`named ${JSON.stringify(name)} is ${role}`, () => assert.equal(roleOf({ name }), role));

  it('is its role id where it has one', () => {
    assert.equal(roleOf({ name: 'backend', roleId: 'reviewer' }), 'reviewer');
    assert.equal(roleOf({ name: 'backend', roleId: 'Security' }), 'security');
    assert.equal(roleOf({ name: 'anna', roleId: 'api-expert' }), 'backend');
    assert.equal(roleOf({ name: 'backend', roleId: 'worker' }), 'general');
  });
});

describe('a task for a role', () => {
  const table: [Role, string[], string, boolean][] = [
    ['backend', ['api'], 'Anything', true],
    ['backend', ['API '], 'Anything', true],
    ['backend', ['ui'], 'Anything', false],
    ['backend', ['ui'], 'Move the database', true],
    ['backend', [], 'Fix the API', true],
    ['backend', [], 'Draw an icon', false],
    ['frontend', [], 'Build it', false],
    ['frontend', [], 'The UI: build it', true],
    ['frontend', [], 'A webapp', true],
    ['tester', [], 'Write tests', true],
    ['tester', ['latest'], 'x', false],
    ['reviewer', ['security'], 'x', true],
    ['security', ['audit'], 'x', true],
    ['docs', [], 'Update README.md', true],
    ['devops', ['ci'], 'x', true],
    ['devops', [], 'A decision', false],
    ['general', ['ui'], 'x', true],
    ['general', [], '', true],
  ];
  for (const [role, tags, description, expected] of table) {
    it(`${role}: ${JSON.stringify(tags)} ${JSON.stringify(description)} → ${expected}`, () => {
      assert.equal(matchesRole(role, { tags, description }), expected);
    });
  }

  it('is described by a hint for each role', () => {
    assert.match(roleHint('frontend'), /ui, web/);
    assert.match(roleHint('general'), /specialisation/);
  });
});
