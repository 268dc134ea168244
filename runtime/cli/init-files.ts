/** The files of `drone-kube init`, as data. Pure. */
import packageJson from '../../package.json' with { type: 'json' };

export const ENGINES = ['argocd', 'flux'] as const;

/** What applies the manifests. */
export type Engine = (typeof ENGINES)[number];

/** By path in the new folder. */
export const initFiles = (engine: Engine): Readonly<Record<string, string>> => ({
  'package.json': packageFile(),
  'tsconfig.json': `${JSON.stringify(TSCONFIG, undefined, 2)}\n`,
  'cdk8s.yaml': 'language: typescript\napp: node main.ts\noutput: dist\n',
  '.gitignore': 'node_modules/\n',
  'main.ts': MAIN,
  'environments/dev.ts': environment('dev', engine),
  'environments/production.ts': environment('production', engine),
  'README.md': readme(engine),
});

const TSCONFIG = {
  compilerOptions: {
    target: 'es2024',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
  },
  include: ['main.ts', 'environments'],
};

function packageFile(): string {
  const { version, devDependencies: known } = packageJson;
  const content = {
    name: 'drone-kube-deployment',
    private: true,
    type: 'module',
    engines: { node: '>=24' },
    scripts: {
      synth: 'tsc && cdk8s synth --no-check-upgrade',
      'synth:check': 'npm run synth && git diff --exit-code dist',
    },
    dependencies: {
      cdk8s: known.cdk8s,
      'cdk8s-plus-27': known['cdk8s-plus-27'],
      constructs: known.constructs,
      'drone-kube': version,
    },
    devDependencies: {
      '@types/node': known['@types/node'],
      'cdk8s-cli': known['cdk8s-cli'],
      typescript: known.typescript,
    },
    // It brings 160 packages that nothing here uses.
    overrides: packageJson.overrides,
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

const MAIN = `import { runApp } from 'drone-kube/infra';
import { dev } from './environments/dev.ts';
import { production } from './environments/production.ts';

runApp([dev, production]);
`;

const environment = (name: 'dev' | 'production', engine: Engine): string =>
  `import type { Environment } from 'drone-kube/infra';

// Every setting, with its default: docs/deployment.md of drone-kube.
export const ${name}: Environment = {
  name: '${name}',
  image: 'docker.io/drone-kube/runner:${packageJson.version}',
  drone: {
    host: 'drone.example.com',
    rpcSecret: { kind: 'existing', name: 'drone-rpc', key: 'secret' },
  },${
    name === 'production'
      ? `
  // Builds of all others, and of pull requests, run apart from these.
  trusted: { repos: ['octocat/*'] },`
      : ''
  }
  network: {
    // kubectl get service,endpointslices -n default
    apiServer: [
      { cidr: '10.96.0.1/32', ports: [443] },
      { cidr: '192.0.2.10/32', ports: [6443] },
    ],
    drone: [{ cidr: '198.51.100.7/32', ports: [443] }],
  },
  gitops: {
    repository: 'https://git.example.com/platform/drone-kube-deployment.git',
    ${engine}: {},
  },
};
`;

const WORDS: Readonly<Record<Engine, string>> = { argocd: 'Argo CD', flux: 'Flux' };

const readme = (engine: Engine): string => `# Deployment of drone-kube

1. Write down in \`environments/\` what your clusters look like: the Drone server, the addresses of the
   API server, the repository that this is in. \`example.com\` and the addresses are placeholders.
2. \`npm install && npm run synth\` writes \`dist/\`. Commit it. \`npm run synth:check\` in CI fails where
   it does not match.
3. \`kubectl apply -k dist/production/${engine}\`: ${WORDS[engine]} does the rest, now and after each commit.
4. Make the Secret that the runner shares with the Drone server, as soon as \`drone-system\` is there; the
   replicas wait for it: \`kubectl -n drone-system create secret generic drone-rpc --from-file=secret=FILE\`
`;
