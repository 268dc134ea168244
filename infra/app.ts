/** The app that `cdk8s synth` runs; it says by CDK8S_OUTDIR where the manifests go. */
import { SettingsError } from './environments/problems.ts';
import type { Environment } from './environments/settings.ts';
import { synth } from './synth.ts';

/** Makes the manifests; what is wrong with the settings is told, and ends the process with 2. */
export function runApp(environments: readonly Environment[]): void {
  try {
    synth(environments, process.env['CDK8S_OUTDIR'] ?? 'dist');
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}
