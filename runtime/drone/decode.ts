/**
 * The answers of the Drone server, checked where they come in. What Go leaves out because it is
 * empty is '' or 0 here; a field of the wrong type is an error.
 */
import { Buffer } from 'node:buffer';
import type { Details, ServerSecret, ServerStage, ServerStep, StepState } from './rpc.ts';
import type { Build, Netrc, Repo, System } from './types.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** The message says where in the answer something is not what it should be, never its value. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

export function decodeStage(value: unknown, where = 'stage'): ServerStage {
  const { steps: _steps, ...fields } = fieldsOf(value, where);
  const at = reader(fields, where);
  return {
    ...fields,
    id: at.id('id'),
    build_id: at.number('build_id'),
    number: at.number('number'),
    name: at.text('name'),
    kind: at.text('kind'),
    type: at.text('type'),
    status: at.text('status'),
    machine: at.text('machine'),
    os: at.text('os'),
    arch: at.text('arch'),
    variant: at.text('variant'),
    version: at.number('version'),
    started: at.number('started'),
    stopped: at.number('stopped'),
    depends_on: at.texts('depends_on'),
  };
}

/** The answer to a write of a stage. */
export function decodeWritten(value: unknown): {
  readonly stage: ServerStage;
  readonly steps: readonly ServerStep[];
} {
  const steps = reader(fieldsOf(value, 'stage'), 'stage').list('steps');
  return { stage: decodeStage(value), steps: steps.map((step) => decodeStep(step)) };
}

export function decodeStep(value: unknown): ServerStep {
  const at = reader(fieldsOf(value, 'step'), 'step');
  return {
    id: at.id('id'),
    step_id: at.number('step_id'),
    number: at.number('number'),
    name: at.text('name'),
    status: stepState(at.text('status')),
    error: at.text('error'),
    errignore: at.flag('errignore'),
    exit_code: at.number('exit_code'),
    started: at.number('started'),
    stopped: at.number('stopped'),
    version: at.number('version'),
    depends_on: at.texts('depends_on'),
    image: at.text('image'),
    detached: at.flag('detached'),
    schema: at.text('schema'),
  };
}

export function decodeDetails(value: unknown): Details {
  const answer = fieldsOf(value, 'details');
  const { secret, ...repository } = fieldsOf(answer['repository'], 'repository');
  const config = reader(fieldsOf(answer['config'], 'config'), 'config').text('Data');
  return {
    repo: decodeRepo(repository),
    // Taken out of the repository: that one is written to logs, to plug-ins and to the stage record.
    repoSecret: reader({ secret }, 'repository').text('secret'),
    build: decodeBuild(answer['build']),
    stage: decodeStage(answer['stage']),
    config: Buffer.from(config, 'base64').toString('utf8'),
    secrets: reader(answer, 'details').list('secrets').map(decodeSecret),
    system: decodeSystem(answer['system'] ?? {}),
    netrc: decodeNetrc(answer['netrc']),
  };
}

/** Fields that are not known here are kept: the plug-ins get them. */
function decodeRepo(fields: Fields): Repo {
  const at = reader(fields, 'repository');
  return {
    ...fields,
    id: at.id('id'),
    namespace: at.text('namespace'),
    name: at.text('name'),
    slug: at.text('slug'),
    scm: at.text('scm'),
    git_http_url: at.text('git_http_url'),
    git_ssh_url: at.text('git_ssh_url'),
    link: at.text('link'),
    default_branch: at.text('default_branch'),
    private: at.flag('private'),
    visibility: at.text('visibility'),
    trusted: at.flag('trusted'),
    protected: at.flag('protected'),
    timeout: at.number('timeout'),
  };
}

function decodeBuild(value: unknown): Build {
  const fields = fieldsOf(value, 'build');
  const at = reader(fields, 'build');
  return {
    ...fields,
    id: at.id('id'),
    number: at.number('number'),
    parent: at.number('parent'),
    status: at.text('status'),
    event: at.text('event'),
    action: at.text('action'),
    trigger: at.text('trigger'),
    link: at.text('link'),
    title: at.text('title'),
    message: at.text('message'),
    before: at.text('before'),
    after: at.text('after'),
    ref: at.text('ref'),
    source_repo: at.text('source_repo'),
    source: at.text('source'),
    target: at.text('target'),
    author_login: at.text('author_login'),
    author_name: at.text('author_name'),
    author_email: at.text('author_email'),
    author_avatar: at.text('author_avatar'),
    sender: at.text('sender'),
    params: at.map('params'),
    cron: at.text('cron'),
    deploy_to: at.text('deploy_to'),
    deploy_id: at.number('deploy_id'),
    debug: at.flag('debug'),
    started: at.number('started'),
    finished: at.number('finished'),
    created: at.number('created'),
    stages: at.list('stages').map((stage) => {
      const stageFields = fieldsOf(stage, 'build.stages');
      const its = reader(stageFields, 'build.stages');
      return { ...stageFields, name: its.text('name'), status: its.text('status') };
    }),
  };
}

function decodeSecret(value: unknown): ServerSecret {
  const at = reader(fieldsOf(value, 'secrets'), 'secrets');
  return {
    name: at.text('name'),
    data: at.text('data'),
    pull_request: at.flag('pull_request'),
  };
}

function decodeSystem(value: unknown): System {
  const at = reader(fieldsOf(value, 'system'), 'system');
  return {
    proto: at.text('proto'),
    host: at.text('host'),
    link: at.text('link'),
    version: at.text('version'),
  };
}

function decodeNetrc(value: unknown): Netrc | undefined {
  if (value === undefined || value === null) return undefined;
  const at = reader(fieldsOf(value, 'netrc'), 'netrc');
  return {
    machine: at.text('machine'),
    login: at.text('login'),
    password: at.text('password'),
  };
}

function stepState(text: string): StepState {
  switch (text) {
    case 'pending':
    case 'running':
    case 'success':
    case 'failure':
    case 'killed':
    case 'error':
    case 'skipped':
      return text;
    default:
      throw new DecodeError('step.status is none of the known ones');
  }
}

export function fieldsOf(value: unknown, where: string): Fields {
  if (!isFields(value)) throw new DecodeError(`${where} is not an object`);
  return value;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

interface Reader {
  readonly text: (key: string) => string;
  readonly number: (key: string) => number;
  /** A number that is never absent. */
  readonly id: (key: string) => number;
  readonly flag: (key: string) => boolean;
  readonly list: (key: string) => readonly unknown[];
  readonly texts: (key: string) => readonly string[];
  readonly map: (key: string) => Readonly<Record<string, string>>;
}

/** Reads the fields of one object; Go writes null for an empty list or map. */
export function reader(fields: Fields, where: string): Reader {
  const wrong = (key: string, wanted: string): DecodeError =>
    new DecodeError(`${where}.${key} is not ${wanted}`);
  const text = (key: string): string => {
    const value = fields[key] ?? '';
    if (typeof value !== 'string') throw wrong(key, 'a text');
    return value;
  };
  const number = (key: string): number => {
    const value = fields[key] ?? 0;
    if (typeof value !== 'number') throw wrong(key, 'a number');
    return value;
  };
  const list = (key: string): readonly unknown[] => {
    const value = fields[key] ?? [];
    if (!Array.isArray(value)) throw wrong(key, 'a list');
    return value;
  };
  return {
    text,
    number,
    list,
    id: (key) => {
      const value = number(key);
      if (value === 0) throw wrong(key, 'there');
      return value;
    },
    flag: (key) => {
      const value = fields[key] ?? false;
      if (typeof value !== 'boolean') throw wrong(key, 'true or false');
      return value;
    },
    texts: (key) =>
      list(key).map((item) => {
        if (typeof item !== 'string') throw wrong(key, 'a list of texts');
        return item;
      }),
    map: (key) => {
      const entries = Object.entries(fieldsOf(fields[key] ?? {}, `${where}.${key}`));
      return Object.fromEntries(
        entries.map(([name, value]) => {
          if (typeof value !== 'string') throw wrong(key, 'a map of texts');
          return [name, value];
        }),
      );
    },
  };
}
