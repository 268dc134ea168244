import { describe, expect, test } from '@jest/globals';
import { describeBuild, spellDuration } from '../../../runtime/telemetry/words.ts';
import { historyOf, NOW, taken } from './stages.ts';

test.each([
  [-5, '0.0 s'],
  [740, '0.7 s'],
  [9940, '9.9 s'],
  [9960, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min'],
  [185_000, '3 min 5 s'],
  [7_800_000, '2 h 10 min'],
  [273_600_000, '3 d 4 h'],
])('%d ms is %s', (milliseconds, text) => {
  expect(spellDuration(milliseconds)).toBe(text);
});

describe('why a build exists', () => {
  test.each([
    [{}, 'octocat pushed abc123 to main'],
    [
      { event: 'pull_request', action: 'opened', ref: 'refs/pull/7/head', source: 'topic' },
      'octocat opened pull request #7 from topic into main',
    ],
    [
      { event: 'pull_request', action: 'synchronized', ref: 'refs/merge-requests/8/head' },
      'octocat updated pull request #8 from main into main',
    ],
    [{ event: 'tag', ref: 'refs/tags/v1.2' }, 'octocat pushed tag v1.2'],
    [{ event: 'promote', deploy_to: 'production' }, 'octocat promoted abc123 to production'],
    [{ event: 'rollback', deploy_to: 'staging' }, 'octocat rolled staging back to abc123'],
    [{ event: 'cron', cron: 'nightly' }, 'the cron job nightly built main'],
    [{ event: 'custom', author_login: '' }, 'Octo Cat built main (custom)'],
  ])('%j', (build, text) => {
    const entry = historyOf([taken(3, NOW, { build })]).find(3);
    expect(entry && describeBuild(entry.build)).toBe(text);
  });
});
