/** From the settings of the environments to one folder of manifests each. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Yaml, YamlOutputType } from 'cdk8s';
import { AdmissionChart } from './charts/admission.ts';
import { BuildsChart } from './charts/builds.ts';
import { CapacityChart } from './charts/capacity.ts';
import { ClusterChart } from './charts/cluster.ts';
import { ExecAccessChart } from './charts/exec-access.ts';
import { NamespacesChart } from './charts/namespaces.ts';
import { ReaperChart } from './charts/reaper.ts';
import { RunnerChart } from './charts/runner.ts';
import { SystemChart } from './charts/system.ts';
import { bareSecrets, overwritten, twice } from './constructs/checks.ts';
import type { Part } from './constructs/part.ts';
import { withDefaults, type Deployment } from './environments/defaults.ts';
import { settingsProblems, SettingsError } from './environments/problems.ts';
import type { Environment } from './environments/settings.ts';
import { annotate } from './gitops/annotations.ts';
import { ArgoCdChart } from './gitops/argocd.ts';
import { FluxChart } from './gitops/flux.ts';

/**
 * Writes `<folder>/<environment>/<chart>/<Kind>.<name>.k8s.yaml`, the same bytes for the same
 * settings, and a kustomization.yaml in each of these folders. Throws a SettingsError before the
 * first file where a setting is wrong. Does not remove what is already there.
 */
export function synth(environments: readonly Environment[], folder: string): void {
  const problems = settingsProblems(environments);
  if (problems.length > 0) throw new SettingsError(problems);
  for (const environment of environments) {
    const outdir = join(folder, environment.name);
    const app = new App({
      outdir,
      yamlOutputType: YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE,
      // cdk8s would write it where validations run, and the output is the same wherever it is made.
      recordConstructMetadata: false,
    });
    const { parts, gitops } = build(app, withDefaults(environment));
    app.synth();
    for (const part of [...parts, ...gitops]) {
      kustomization(
        join(outdir, part.node.id),
        part.objects.map(({ kind, name }) => `${kind}.${name}.k8s.yaml`),
      );
    }
    // Those of Argo CD and Flux are applied once, by hand: they bring the others.
    kustomization(
      outdir,
      parts.map(({ node }) => node.id),
    );
  }
}

/** The charts of a deployment, without a problem. */
export function build(
  app: App,
  deployment: Deployment,
): { readonly parts: readonly Part[]; readonly gitops: readonly Part[] } {
  const { trusted, untrusted, capacity, warmUp, execAccess, gitops } = deployment;
  const parts: readonly Part[] = [
    new ClusterChart(app, 'cluster', deployment),
    new NamespacesChart(app, 'namespaces', deployment),
    new AdmissionChart(app, 'admission', deployment),
    new SystemChart(app, 'system', deployment),
    ...(trusted === undefined ? [] : [new BuildsChart(app, 'trusted', deployment, trusted)]),
    new BuildsChart(app, 'untrusted', deployment, untrusted),
    ...(execAccess === undefined ? [] : [new ExecAccessChart(app, 'exec-access', execAccess)]),
    new RunnerChart(app, 'runner', deployment),
    new ReaperChart(app, 'reaper', deployment),
    ...(capacity.kind === 'none' && warmUp === undefined
      ? []
      : [new CapacityChart(app, 'capacity', deployment)]),
  ];
  for (const part of parts) annotate(part);
  const engines = [
    ...(gitops.argocd === undefined
      ? []
      : [new ArgoCdChart(app, 'argocd', deployment, gitops.argocd, parts)]),
    ...(gitops.flux === undefined
      ? []
      : [new FluxChart(app, 'flux', deployment, gitops.flux, parts)]),
  ];
  app.node.addValidation({ validate: () => twice(parts) });
  for (const part of [...parts, ...engines]) {
    part.node.addValidation({ validate: () => [...overwritten(part), ...bareSecrets(part)] });
  }
  return { parts, gitops: engines };
}

function kustomization(folder: string, resources: readonly string[]): void {
  writeFileSync(
    join(folder, 'kustomization.yaml'),
    Yaml.stringify({
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: resources.toSorted(),
    }),
  );
}
