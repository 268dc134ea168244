/** What a single value of the settings may look like. Each says what is wrong, or nothing. */
import { pushgatewayUrl } from '../../runtime/contract.ts';
import { isCpu, isMemory } from './quantities.ts';
import { parseCidr } from './cidr.ts';

export interface Problem {
  /** Stable: a code keeps its meaning for ever. */
  readonly code: string;
  /** The setting, from the name of the environment on: `dev.execAccess.namespace`. */
  readonly path: string;
  /** What is wrong, one sentence without a full stop. */
  readonly message: string;
  /** What to write instead, one sentence without a full stop. */
  readonly fix: string;
}

/** What is wrong with a value; where it stands is added by whoever asks. */
export type Wrong = Omit<Problem, 'path'>;

/** A problem with its place; nothing where nothing is wrong. */
export function* at(path: string, wrong: Wrong | undefined): Generator<Problem> {
  if (wrong !== undefined) yield { ...wrong, path };
}

export const LABEL_FIX =
  'take at most 63 lower-case letters, digits and dashes, with no dash at either end';

const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const IMAGE = /^[a-z0-9][a-z0-9._:/-]*(:[A-Za-z0-9_][\w.-]{0,127}|@sha256:[0-9a-f]{64})$/;
const CRON_FIELD = /^[\d*/,A-Za-z-]+$/;
const HOST = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[1-9]\d{0,4})?$/;

export const isDnsLabel = (text: string): boolean => DNS_LABEL.test(text);

export const isSubdomain = (text: string): boolean => text.length <= 253 && SUBDOMAIN.test(text);

export const isLabelValue = (text: string): boolean => LABEL_VALUE.test(text);

export function wrongNamespace(namespace: string): Wrong | undefined {
  if (!isDnsLabel(namespace)) {
    return {
      code: 'settings-namespace-name',
      message: `"${namespace}" cannot be the name of a namespace`,
      fix: LABEL_FIX,
    };
  }
  if (namespace !== 'default' && !namespace.startsWith('kube-')) return undefined;
  return {
    code: 'settings-namespace-reserved',
    message: `pipelines must not run in "${namespace}", which belongs to the cluster`,
    fix: 'give a namespace made for pipelines alone',
  };
}

export const wrongName = (name: string): Wrong | undefined =>
  isSubdomain(name)
    ? undefined
    : {
        code: 'settings-object-name',
        message: `"${name}" cannot be the name of a Kubernetes object`,
        fix: 'take lower-case letters, digits, dashes and dots',
      };

/** A tag or a digest is asked for, because nobody knows what `latest` will be. */
export const wrongImage = (image: string): Wrong | undefined =>
  IMAGE.test(image) && !image.endsWith(':latest')
    ? undefined
    : {
        code: 'settings-image',
        message: `"${image}" names no version of an image`,
        fix: 'write registry/name:tag or registry/name@sha256:…, and not the tag latest',
      };

export const wrongCpu = (cpu: string): Wrong | undefined =>
  isCpu(cpu)
    ? undefined
    : {
        code: 'settings-quota-cpu',
        message: `"${cpu}" is no amount of CPU`,
        fix: 'write whole cores or millicores above zero, as in 8 or 500m',
      };

export const wrongMemory = (memory: string): Wrong | undefined =>
  isMemory(memory)
    ? undefined
    : {
        code: 'settings-quota-memory',
        message: `"${memory}" is no amount of memory`,
        fix: 'write bytes above zero with a suffix, as in 16Gi or 500M',
      };

export const wrongPods = (pods: number): Wrong | undefined =>
  wrongCount(pods, 1) && {
    code: 'settings-quota-pods',
    message: `${pods} is no number of Pods that lets a stage run`,
    fix: 'write a whole number of at least 1',
  };

export const wrongCount = (count: number, least: number): Wrong | undefined =>
  Number.isSafeInteger(count) && count >= least
    ? undefined
    : {
        code: 'settings-count',
        message: `${count} is no number that can be here`,
        fix: `write a whole number of at least ${least}`,
      };

export const wrongCidr = (cidr: string): Wrong | undefined =>
  parseCidr(cidr) !== undefined
    ? undefined
    : {
        code: 'settings-cidr',
        message: `"${cidr}" is no network`,
        fix: 'write an address and a length, as in 192.0.2.0/24, or /32 for one address',
      };

export const wrongSchedule = (schedule: string): Wrong | undefined =>
  schedule.split(' ').length === 5 && schedule.split(' ').every((field) => CRON_FIELD.test(field))
    ? undefined
    : {
        code: 'settings-schedule',
        message: `"${schedule}" is no schedule`,
        fix: 'write minute, hour, day, month and day of the week, as in 0 7 * * 1-5',
      };

export const wrongHost = (host: string): Wrong | undefined =>
  HOST.test(host)
    ? undefined
    : {
        code: 'settings-host',
        message: `"${host}" is no host name`,
        fix: 'write the name alone, with a port where it has one: drone.example.com:8080',
      };

/** Not repeated in the message: it may have a password in it. */
export const wrongPushgateway = (address: string): Wrong | undefined =>
  pushgatewayUrl(address) === undefined
    ? {
        code: 'settings-address',
        message: 'it is no http or https address, or has more than host, port and path in it',
        fix: 'write it as in http://pushgateway.monitoring:9091, without credentials',
      }
    : undefined;

export function wrongLabels(labels: Readonly<Record<string, string>>): Wrong | undefined {
  for (const [key, value] of Object.entries(labels)) {
    const [prefix, name] = key.includes('/') ? key.split('/', 2) : [undefined, key];
    const isKey = name !== '' && isLabelValue(name ?? '') && (!prefix || isSubdomain(prefix));
    if (isKey && isLabelValue(value)) continue;
    return {
      code: 'settings-label',
      message: `"${key}: ${value}" cannot be a label`,
      fix: 'take at most 63 letters, digits, dashes, underscores and dots for name and value',
    };
  }
  return undefined;
}

export function wrongRepos(repos: readonly string[]): Wrong | undefined {
  if (repos.length === 0) {
    return {
      code: 'settings-repos-empty',
      message: 'no repository is named',
      fix: 'add globs such as octocat/*, or leave the whole setting out',
    };
  }
  const wrong = repos.find((glob) => !/^[^\s/]+\/[^\s/]+$/.test(glob));
  if (wrong !== undefined) {
    return {
      code: 'settings-repos-glob',
      message: `"${wrong}" matches no repository`,
      fix: 'write owner/name, with * where anything may stand',
    };
  }
  const everybody = repos.find((glob) => /^[*?]+\//.test(glob));
  if (everybody === undefined) return undefined;
  return {
    code: 'settings-repos-everybody',
    message: `"${everybody}" is every owner, whoever can add a repository to the server`,
    fix: 'name the owners who are meant',
  };
}
