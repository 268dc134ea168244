/** Warnings about what runs today and may surprise tomorrow. They are for people who check a file. */
import { warning } from './codes.ts';
import { quoted } from './decode-report.ts';
import type { Diagnostic, Position } from './diagnostics.ts';
import { lintPorts } from './lint-ports.ts';
import { lintSecrets } from './lint-secrets.ts';
import type { Document } from './load.ts';
import type { Pipeline, Step } from './model.ts';

/** All warnings of a file, in no particular order; there are no errors among them. */
export function lintAdvice(documents: readonly Document[]): readonly Diagnostic[] {
  const pipelines = documents.flatMap((document) =>
    document.kind === 'pipeline' ? [document.pipeline] : [],
  );
  return [
    ...pipelines.flatMap((pipeline) => [
      ...[...pipeline.services, ...pipeline.steps].flatMap(lintStep),
      ...lintPorts(pipeline),
      ...lintUnused(pipeline),
    ]),
    ...lintSecrets(documents),
  ];
}

function lintStep(step: Step): readonly Diagnostic[] {
  const { name, image, workingDir, position, places } = step;
  const at = (key: string): Position => places?.get(key) ?? position;
  const diagnostics: Diagnostic[] = [];
  if (image !== '' && !hasVersion(image)) {
    const message = `step \`${name}\` runs ${quoted(image)}, whose content changes over time`;
    const fix = 'write a tag with a version behind the name, or a digest';
    diagnostics.push(warning('step-image-latest', at('image'), message, fix));
  }
  if (workingDir !== '' && !/^(?:\/|[A-Za-z]:|\$\{)/.test(workingDir)) {
    const message = `\`working_dir\` of step \`${name}\` is ${quoted(workingDir)}, which is no whole path; the container cannot start`;
    const fix = `write the whole path, \`/drone/src/${workingDir.replace(/^\.\//, '')}\` in the default workspace`;
    diagnostics.push(warning('step-working-dir', at('working_dir'), message, fix));
  }
  return diagnostics;
}

/** What `${…}` stands for is known in a build only. */
const hasVersion = (image: string): boolean =>
  image.includes('${') || image.includes('@') || /:(?!latest$)[^/:]+$/.test(image);

function lintUnused({ volumes, services, steps }: Pipeline): readonly Diagnostic[] {
  const mounted = new Set(
    [...services, ...steps].flatMap((step) => step.volumes.map(({ name }) => name)),
  );
  return volumes.flatMap(({ name, position }) => {
    if (name === '' || mounted.has(name)) return [];
    const message = `no step mounts the volume \`${name}\``;
    const fix = 'remove it, or mount it under `volumes` of a step';
    return [warning('volume-unused', position, message, fix)];
  });
}
