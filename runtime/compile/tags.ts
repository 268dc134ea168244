/** What a tag says as a version: DRONE_TAG, DRONE_SEMVER* and DRONE_CALVER*. */

/**
 * @param tag without `refs/tags/`; a leading `v` is not part of the version.
 *
 * A tag that is no semantic version gives DRONE_SEMVER_ERROR instead of DRONE_SEMVER*. A tag whose
 * first part is not a year (19 to 99, or 2019 to 9998) gives no DRONE_CALVER*.
 */
export function tagVariables(tag: string): Map<string, string> {
  const version = tag.replace(/^v/, '');
  return new Map([
    ['DRONE_TAG', tag] as const,
    ...semverVariables(version),
    ...calverVariables(version),
  ]);
}

type Variables = readonly (readonly [name: string, value: string])[];

/** Drone is more lenient than semver.org: leading zeros are accepted, and dropped. */
function semverVariables(version: string): Variables {
  const [rest, build] = splitAtFirst(version, '+');
  const [core, prerelease] = splitAtFirst(rest, '-');
  const error = (text: string): Variables => [['DRONE_SEMVER_ERROR', text]];

  const [major, minor, patch] = splitAtMost(core, '.', 3);
  if (major === undefined || minor === undefined || patch === undefined) {
    return error(`${core} is not in dotted-tri format`);
  }
  if (prerelease !== '' && !IDENTIFIERS.test(prerelease)) {
    return error(`failed to validate pre-release: ${prerelease} is not a valid semver identifier`);
  }
  if (build !== '' && !IDENTIFIERS.test(build)) {
    return error(`failed to validate metadata: ${build} is not a valid semver identifier`);
  }
  const numbers: bigint[] = [];
  for (const part of [major, minor, patch]) {
    if (!/^[0-9]+$/.test(part)) {
      return error(`strconv.ParseInt: parsing ${JSON.stringify(part)}: invalid syntax`);
    }
    if (BigInt(part) > INT64_MAX) {
      return error(`strconv.ParseInt: parsing ${JSON.stringify(part)}: value out of range`);
    }
    numbers.push(BigInt(part));
  }
  const short = numbers.join('.');
  return [
    ['DRONE_SEMVER', `${short}${prefixed('-', prerelease)}${prefixed('+', build)}`],
    ['DRONE_SEMVER_MAJOR', String(numbers[0])],
    ['DRONE_SEMVER_MINOR', String(numbers[1])],
    ['DRONE_SEMVER_PATCH', String(numbers[2])],
    ['DRONE_SEMVER_SHORT', short],
    ...optional('DRONE_SEMVER_PRERELEASE', prerelease),
    ...optional('DRONE_SEMVER_BUILD', build),
  ];
}

/** `YYYY.MM[.MICRO[-MODIFIER]]`. The parts keep their text, so that `2024.08` stays `08`. */
function calverVariables(version: string): Variables {
  const [major, minor, last = ''] = splitAtMost(version, '.', 3);
  if (major === undefined || minor === undefined) return [];
  if (!isYear(major) || !/^[0-9]+$/.test(minor)) return [];
  const [micro, modifier] = splitAtFirst(last, '-');
  const short = `${major}.${minor}${prefixed('.', micro)}`;
  return [
    ['DRONE_CALVER', `${short}${prefixed('-', modifier)}`],
    ['DRONE_CALVER_MAJOR_MINOR', `${major}.${minor}`],
    ['DRONE_CALVER_MAJOR', major],
    ['DRONE_CALVER_MINOR', minor],
    ['DRONE_CALVER_MICRO', micro],
    ['DRONE_CALVER_SHORT', short],
    ...optional('DRONE_CALVER_MODIFIER', modifier),
  ];
}

const IDENTIFIERS = /^[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*$/;

const INT64_MAX = 2n ** 63n - 1n;

function isYear(text: string): boolean {
  if (!/^[0-9]+$/.test(text)) return false;
  const year = Number(text);
  return (year >= 19 && year <= 99) || (year >= 2019 && year <= 9998);
}

const prefixed = (prefix: string, text: string): string => (text === '' ? '' : prefix + text);

const optional = (name: string, value: string): Variables => (value === '' ? [] : [[name, value]]);

function splitAtFirst(text: string, separator: string): [before: string, after: string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** The last part keeps all further separators. */
function splitAtMost(text: string, separator: string, parts: number): string[] {
  const all = text.split(separator);
  return all.length <= parts
    ? all
    : [...all.slice(0, parts - 1), all.slice(parts - 1).join(separator)];
}
