import { describe, expect, test } from '@jest/globals';
import { tagVariables } from '../../../runtime/compile/tags.ts';

const withPrefix = (tag: string, prefix: string): Record<string, string> =>
  Object.fromEntries([...tagVariables(tag)].filter(([name]) => name.startsWith(prefix)));

test('DRONE_TAG keeps its v', () => {
  expect(tagVariables('v1.2.3').get('DRONE_TAG')).toBe('v1.2.3');
});

describe('semantic versions', () => {
  const semver = (
    version: string,
    [major, minor, patch]: readonly number[],
    more: Record<string, string> = {},
  ): Record<string, string> => ({
    DRONE_SEMVER: version,
    DRONE_SEMVER_MAJOR: String(major),
    DRONE_SEMVER_MINOR: String(minor),
    DRONE_SEMVER_PATCH: String(patch),
    DRONE_SEMVER_SHORT: `${major}.${minor}.${patch}`,
    ...more,
  });

  test.each([
    ['1.2.3', semver('1.2.3', [1, 2, 3])],
    ['v1.2.3', semver('1.2.3', [1, 2, 3])],
    ['v01.002.3', semver('1.2.3', [1, 2, 3])],
    ['1.2.3-', semver('1.2.3', [1, 2, 3])],
    ['1.2.3-rc.1', semver('1.2.3-rc.1', [1, 2, 3], { DRONE_SEMVER_PRERELEASE: 'rc.1' })],
    ['1.2.3-rc-1', semver('1.2.3-rc-1', [1, 2, 3], { DRONE_SEMVER_PRERELEASE: 'rc-1' })],
    ['1.2.3+a-b', semver('1.2.3+a-b', [1, 2, 3], { DRONE_SEMVER_BUILD: 'a-b' })],
    [
      'v1.2.3-alpha+001',
      semver('1.2.3-alpha+001', [1, 2, 3], {
        DRONE_SEMVER_PRERELEASE: 'alpha',
        DRONE_SEMVER_BUILD: '001',
      }),
    ],
  ])('%s', (tag, expected) => {
    expect(withPrefix(tag, 'DRONE_SEMVER')).toEqual(expected);
  });

  test.each([
    ['nightly', 'nightly is not in dotted-tri format'],
    ['1.2', '1.2 is not in dotted-tri format'],
    ['release-1', 'release is not in dotted-tri format'],
    ['vv1.2.3', 'strconv.ParseInt: parsing "v1": invalid syntax'],
    ['1.2.3.4', 'strconv.ParseInt: parsing "3.4": invalid syntax'],
    ['1..2', 'strconv.ParseInt: parsing "": invalid syntax'],
    [
      '9223372036854775808.0.0',
      'strconv.ParseInt: parsing "9223372036854775808": value out of range',
    ],
    ['1.2.3-a_b', 'failed to validate pre-release: a_b is not a valid semver identifier'],
    ['1.2.3-a..b', 'failed to validate pre-release: a..b is not a valid semver identifier'],
    ['1.2.3+é', 'failed to validate metadata: é is not a valid semver identifier'],
  ])('%s is none', (tag, error) => {
    expect(withPrefix(tag, 'DRONE_SEMVER')).toEqual({ DRONE_SEMVER_ERROR: error });
  });
});

describe('calendar versions', () => {
  test.each([
    [
      '2024.08',
      {
        DRONE_CALVER: '2024.08',
        DRONE_CALVER_MAJOR_MINOR: '2024.08',
        DRONE_CALVER_MAJOR: '2024',
        DRONE_CALVER_MINOR: '08',
        DRONE_CALVER_MICRO: '',
        DRONE_CALVER_SHORT: '2024.08',
      },
    ],
    [
      'v19.1.2.3-beta-1',
      {
        DRONE_CALVER: '19.1.2.3-beta-1',
        DRONE_CALVER_MAJOR_MINOR: '19.1',
        DRONE_CALVER_MAJOR: '19',
        DRONE_CALVER_MINOR: '1',
        DRONE_CALVER_MICRO: '2.3',
        DRONE_CALVER_MODIFIER: 'beta-1',
        DRONE_CALVER_SHORT: '19.1.2.3',
      },
    ],
  ])('%s', (tag, expected) => {
    expect(withPrefix(tag, 'DRONE_CALVER')).toEqual(expected);
  });

  test.each([
    ['18.1', false],
    ['19.1', true],
    ['99.1', true],
    ['100.1', false],
    ['2018.1', false],
    ['2019.1', true],
    ['9998.1', true],
    ['9999.1', false],
    ['2024', false],
    ['2024.x', false],
    ['2024.1-rc1', false],
    ['x.2024', false],
  ])('%s is one: %s', (tag, expected) => {
    expect(tagVariables(tag).has('DRONE_CALVER')).toBe(expected);
  });
});
