/** `npm run try`: a cluster, the program, and an example pipeline on it. */
import { buildProgram } from './build.ts';
import { mirrorsOf, readCluster } from './cluster/state.ts';
import { node } from './steps.ts';

const up = await node(['test/cluster/main.ts', 'up']);
if (up !== 0) process.exit(up);
const cluster = readCluster();
if (cluster === undefined) throw new Error('the cluster is up, but its state cannot be read');
const program = await buildProgram();

const mirrors = mirrorsOf(cluster);
const code = await node(
  [
    program,
    'exec',
    '--secret-file=examples/secrets.env',
    ...(mirrors === '' ? [] : [`--registry-mirror=${mirrors}`]),
    'examples/.drone.yml',
  ],
  { KUBECONFIG: cluster.kubeconfig },
);
const own = `KUBECONFIG=${cluster.kubeconfig} npx drone-kube exec path/to/.drone.yml`;
process.stdout.write(`Run your own file:    ${own}\n`);
process.stdout.write('Remove the cluster:   npm run cluster -- down\n');
process.exitCode = code;
