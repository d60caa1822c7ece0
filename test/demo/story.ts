/** What the demo's agents are asked to do, and how the scripted model plays them where nobody is signed in to Codex. */
import type { ModelRequest, Script } from '../support/scriptedModel.ts';
import type { Step } from '../support/scriptedModelStream.ts';

export const story = {
  town: 'lamplighter',
  agents: [
    {
      name: 'builder',
      task: 'Add nightMinutes(sunset, sunrise) to src/lamps.js, with a test in test/lamps.test.js, and run the tests.',
      /** Said while the turn runs, after its first change of a file. */
      steer: 'Take care of a night that does not cross midnight, too.',
    },
    {
      name: 'reviewer',
      task: 'Read src/lamps.js and write REVIEW.md: what is good, what could be clearer. Change no code.',
    },
  ],
} as const;

const [builder, reviewer] = story.agents;

/** Each scene answers one request of codex; which one comes is told by the commands that ran since the last word to the agent. */
const scenes: { when: string; steps: Step[][] }[] = [
  {
    when: builder.steer,
    steps: [
      [
        {
          text: 'Right: early in the morning both times are on the same side of midnight. I add that case.',
          chunks: 12,
        },
        patch(`*** Begin Patch
*** Update File: src/lamps.js
@@
 export function nightMinutes(sunset, sunrise) {
-  return sunrise + DAY - sunset;
+  return sunrise > sunset ? sunrise - sunset : sunrise + DAY - sunset;
 }
*** End Patch`),
      ],
      [{ delay: 800 }, { exec: 'node test/lamps.test.js' }],
      [completeTask('nightMinutes is there, for both kinds of night, and its tests pass.')],
      [{ text: 'Done: nightMinutes handles both kinds of night, and all tests pass.', chunks: 8 }],
    ],
  },
  {
    when: builder.task,
    steps: [
      [{ text: 'I read the module first.', chunks: 4 }, { delay: 800 }, { exec: 'cat src/lamps.js' }],
      [
        { text: 'Now the function, next to the other one.', chunks: 6 },
        { delay: 1_500 },
        patch(`*** Begin Patch
*** Update File: src/lamps.js
@@
 export function lightingTime(sunset) {
   return sunset - EARLY;
 }
+
+const DAY = 24 * 60;
+
+/** How long the lamps' night is. */
+export function nightMinutes(sunset, sunrise) {
+  return sunrise + DAY - sunset;
+}
*** Update File: test/lamps.test.js
@@
-import { lightingTime } from '../src/lamps.js';
+import { lightingTime, nightMinutes } from '../src/lamps.js';
@@
 test('lamps are lit a quarter of an hour before sunset', () => {
   assert.equal(lightingTime(1200), 1185);
 });
+
+test('a night lasts from sunset to sunrise', () => {
+  assert.equal(nightMinutes(1200, 360), 600);
+});
*** End Patch`),
      ],
      [{ delay: 1_500 }, { exec: 'node test/lamps.test.js' }],
      [completeTask('nightMinutes is there, with a test that passes.')],
      [{ text: 'Done: nightMinutes is there, with a test that passes.', chunks: 6 }],
    ],
  },
  {
    when: reviewer.task,
    steps: [
      [
        { text: 'I read what is there and how it came about.', chunks: 6 },
        { delay: 1_000 },
        { exec: 'cat src/lamps.js' },
      ],
      [{ delay: 1_000 }, { exec: 'git log --oneline' }],
      [
        { text: 'I write down what I found.', chunks: 4 },
        { delay: 1_000 },
        patch(`*** Begin Patch
*** Add File: REVIEW.md
+# Review of src/lamps.js
+
+Good: one small function with one constant, and a test that says what it is for.
+
+Clearer: the unit (minutes since midnight) is only in the README. Say it at the function.
*** End Patch`),
      ],
      [completeTask('REVIEW.md is written.')],
      [{ text: 'REVIEW.md is written: one thing that is good, one that could be clearer.', chunks: 8 }],
    ],
  },
];

/** Plays the agents. */
export const demoScript: Script = ({ userTexts, toolOutputs }: ModelRequest) => {
  const said = userTexts.toReversed();
  // The latest word that belongs to the story decides; scenes are listed from the latest to the first.
  const scene = scenes.find(({ when }) => said.some((text) => text.includes(when)));
  return scene?.steps[toolOutputs.length] ?? [{ text: 'There is nothing more to do.' }];
};

/** Codex takes this command as a change of files. */
function patch(text: string): Step {
  return { exec: `apply_patch <<'PATCH'\n${text}\nPATCH` };
}

/** By the town's own tool, as agents are asked to. */
function completeTask(result: string): Step {
  return { tool: { namespace: 'mcp__tinytown_vscode', name: 'task_complete', arguments: { result } } };
}
