/**
 * `npm run schemas`: holds everything in dist/, and the objects of a stage, against the schemas of
 * Kubernetes 1.28 to 1.37 and of the custom resources of Argo CD, Flux, External Secrets and Sealed
 * Secrets, all from their Go modules. Needs Go; downloads some hundred megabytes the first time.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { Ajv, type ValidateFunction } from 'ajv';
import { loadAll } from 'js-yaml';
import { run } from '../cluster/commands.ts';
import { download, type PinnedModule } from '../cluster/go-module.ts';
import { ARGOCD } from '../gitops/argocd/binaries.ts';
import { FLUX } from '../gitops/flux/binaries.ts';
import type { Source } from '../gitops/source.ts';
import { kindsOfCustom, kindsOfKubernetes, type CustomResource, type Schema } from './strict.ts';

const ROOT = new URL('../../', import.meta.url).pathname;

/** The newest of each minor version that the Go module has. */
const KUBERNETES = [
  'v1.28.15',
  'v1.29.15',
  'v1.30.14',
  'v1.31.14',
  'v1.32.13',
  'v1.33.13',
  'v1.34.12',
  'v1.35.8',
  'v1.36.5',
  'v1.37.2',
];

/**
 * Kinds of admission rules, for which the deployment needs Kubernetes 1.30. What else it makes is
 * held against versions before as well: those have these kinds as beta or not at all.
 */
const SINCE_1_30 = /^admissionregistration\.k8s\.io\/v1\/ValidatingAdmissionPolicy(?:Binding)?$/;
const BEFORE_1_30 = /^v1\.(?:28|29)\./;

/** Modules with the definitions of custom resources, which are in `types`. */
const CUSTOM: readonly (PinnedModule & Pick<Source, 'types'>)[] = [
  ARGOCD,
  ...Object.values(FLUX),
  {
    module: 'github.com/external-secrets/external-secrets',
    version: 'v1.3.2',
    sum: 'h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=',
    types: 'config/crds/bases',
  },
  {
    module: 'github.com/bitnami-labs/sealed-secrets',
    version: 'v0.40.0',
    sum: 'h1:rvCP35JL8ZV5LNA2SrwNR6iLyoM3ulrSFWN0lBtYEYI=',
    types: 'helm/sealed-secrets/crds',
  },
];

/** Read by kustomize alone; no API server ever sees it. */
const NO_OBJECT = /^kustomize\.config\.k8s\.io\//;

interface ObjectLike {
  readonly apiVersion: string;
  readonly kind: string;
}

interface Found {
  readonly where: string;
  readonly object: ObjectLike;
}

const keyOf = ({ object }: Pick<Found, 'object'>): string => `${object.apiVersion}/${object.kind}`;

async function folderOf(module: string): Promise<string> {
  const answer = await run('go', ['mod', 'download', '-json', module], { directory: '/' });
  const { Dir }: { readonly Dir: string } = JSON.parse(answer);
  return Dir;
}

const objectsIn = (where: string, text: string): readonly Found[] =>
  loadAll(text)
    .filter((value): value is ObjectLike => typeof value === 'object' && value !== null)
    .filter(({ apiVersion }) => !NO_OBJECT.test(apiVersion))
    .map((object) => ({ where, object }));

function deployed(): readonly Found[] {
  const files = readdirSync(join(ROOT, 'dist'), { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.isFile() && file.name.endsWith('.yaml'))
    .flatMap(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return objectsIn(relative(ROOT, path), readFileSync(path, 'utf8'));
    });
}

async function ofStage(): Promise<readonly Found[]> {
  const file = join(ROOT, 'examples/.drone.yml');
  const args = [join(ROOT, 'runtime/main.ts'), 'compile', file];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 26 });
  return objectsIn('the stage of examples/.drone.yml', stdout);
}

async function customKinds(): Promise<ReadonlyMap<string, Schema>> {
  const kinds = new Map<string, Schema>();
  for (const module of CUSTOM) {
    const path = join(await download(module), module.types);
    for (const name of readdirSync(path).filter((file) => file.endsWith('.yaml'))) {
      for (const resource of loadAll(readFileSync(join(path, name), 'utf8'))) {
        if (!isCustomResource(resource)) continue;
        for (const [key, schema] of kindsOfCustom(resource)) kinds.set(key, schema);
      }
    }
  }
  return kinds;
}

const isCustomResource = (value: unknown): value is CustomResource =>
  typeof value === 'object' &&
  value !== null &&
  'kind' in value &&
  value.kind === 'CustomResourceDefinition';

/** Tells what is wrong, a line each. */
function check(found: readonly Found[], kinds: ReadonlyMap<string, Schema>): readonly string[] {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  const ready = new Map<string, ValidateFunction>();
  return found.flatMap(({ where, object }) => {
    const key = keyOf({ object });
    const schema = kinds.get(key);
    if (schema === undefined) return [`${where}: nobody knows ${key}`];
    const validate = ready.get(key) ?? ajv.compile(schema);
    ready.set(key, validate);
    if (validate(object)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${where}: ${instancePath} ${message ?? ''} ${JSON.stringify(params)}`,
    );
  });
}

const found = [...deployed(), ...(await ofStage())];
const custom = await customKinds();
const isCustom = (one: Found): boolean => custom.has(keyOf(one));
let wrong = tell('custom resources', found.filter(isCustom), custom);
for (const version of KUBERNETES) {
  const folder = await folderOf(`k8s.io/kubernetes@${version}`);
  const text = readFileSync(join(folder, 'api/openapi-spec/swagger.json'), 'utf8');
  const all = found.filter((one) => !isCustom(one));
  const own = all.filter((one) => !(BEFORE_1_30.test(version) && SINCE_1_30.test(keyOf(one))));
  const without = own.length < all.length ? ', without the admission rules' : '';
  wrong += tell(`${version}${without}`, own, kindsOfKubernetes(JSON.parse(text)));
}
process.exitCode = wrong === 0 ? 0 : 1;

function tell(
  title: string,
  objects: readonly Found[],
  kinds: ReadonlyMap<string, Schema>,
): number {
  const lines = check(objects, kinds);
  process.stdout.write(`${title}: ${objects.length} objects, ${lines.length} wrong\n`);
  for (const line of lines) process.stdout.write(`  ${line}\n`);
  return lines.length;
}
