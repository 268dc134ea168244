/** From the settings of the environments to one folder of manifests each. */
import { join } from 'node:path';
import { ApiObject, App, YamlOutputType, type Chart } from 'cdk8s';
import { ExecAccessChart } from './charts/exec-access.ts';
import { settingsProblems, SettingsError } from './environments/problems.ts';
import type { Environment } from './environments/settings.ts';

/**
 * Writes `<folder>/<environment>/<chart>/<Kind>.<name>.k8s.yaml`, the same bytes for the same
 * settings. Throws a SettingsError before the first file where a setting is wrong. Does not remove
 * what is already there.
 */
export function synth(environments: readonly Environment[], folder: string): void {
  const problems = settingsProblems(environments);
  if (problems.length > 0) throw new SettingsError(problems);
  for (const environment of environments) {
    const app = new App({
      outdir: join(folder, environment.name),
      yamlOutputType: YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE,
    });
    const chart = new ExecAccessChart(app, 'exec-access', environment.execAccess);
    chart.node.addValidation({ validate: () => overwritten(chart) });
    app.synth();
  }
}

/** Objects of a chart that would land in the same file: cdk8s keeps the last one and says nothing. */
export function overwritten(chart: Chart): string[] {
  const files = chart.node
    .findAll()
    .filter((construct) => ApiObject.isApiObject(construct))
    .map(({ kind, name }) => `${kind}.${name}`);
  return files
    .filter((file, index) => files.indexOf(file) < index)
    .map((file) => `two objects of chart ${chart.node.id} would be written to ${file}.k8s.yaml`);
}
