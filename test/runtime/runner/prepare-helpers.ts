/** What the server says of a stage, and a runner that prepares it without cluster and plug-ins. */
import { createCipheriv } from 'node:crypto';
import type { Details } from '../../../runtime/drone/rpc.ts';
import {
  prepareStage,
  type PrepareOptions,
  type PrepareResult,
} from '../../../runtime/runner/prepare.ts';
import { configOf } from '../config/helpers.ts';
import { contextOf } from '../support.ts';

export const KEY = 'k'.repeat(32);

export const FILE = `kind: pipeline
type: kubernetes
name: default
steps:
- name: build
  image: alpine
  commands: [make]
`;

export function detailsOf(
  details: Partial<Omit<Details, 'repo' | 'build' | 'stage'>> & Parameters<typeof contextOf>[0],
): Details {
  const { repo, build, stage, ...rest } = details;
  const context = contextOf({
    ...(repo && { repo }),
    ...(build && { build }),
    ...(stage && { stage }),
  });
  return {
    ...context,
    stage: { ...context.stage, build_id: context.build.id },
    repoSecret: KEY,
    config: FILE,
    secrets: [],
    ...rest,
  };
}

export const prepare = async (
  details: Details,
  environment: Parameters<typeof configOf>[0] = {},
  options: Partial<PrepareOptions> & { readonly files?: Readonly<Record<string, string>> } = {},
): Promise<PrepareResult> => {
  const { files, ...rest } = options;
  return prepareStage(details, {
    config: configOf(environment, files),
    name: 'drone-abc-3-1',
    now: 1_700_000_100,
    temporaryNamespace: 'drone-own',
    security: async () => 'default',
    readDockerConfig: async () => undefined,
    extensions: { secret: undefined, registries: undefined, variables: undefined },
    lookUp: undefined,
    ...rest,
  });
};

/** Throws what a refusal says. */
export function accepted(result: PrepareResult): Exclude<PrepareResult, { refusal: unknown }> {
  if ('refusal' in result) throw new Error(result.refusal.message);
  return result;
}

/** As `drone encrypt` writes it into a pipeline file. */
export function encrypt(text: string, key = KEY): string {
  const nonce = Buffer.alloc(12, 7);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64');
}
