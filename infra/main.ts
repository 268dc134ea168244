/** The app that `cdk8s synth` runs; it says by CDK8S_OUTDIR where the manifests go. */
import { ENVIRONMENTS } from './environments/environments.ts';
import { SettingsError } from './environments/problems.ts';
import { synth } from './synth.ts';

try {
  synth(ENVIRONMENTS, process.env['CDK8S_OUTDIR'] ?? 'dist');
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
