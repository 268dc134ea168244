/** Labels and annotations that belong to the runner: with them a pipeline could steer it. */
import { ANNOTATION_RETRY } from '../contract.ts';
import { error } from './codes.ts';
import { quoted } from './decode-report.ts';
import type { Diagnostic } from './diagnostics.ts';
import type { Pipeline } from './model.ts';

const OWN = 'drone-kube.io/';

export function lintMetadata(pipeline: Pipeline): readonly Diagnostic[] {
  return (['labels', 'annotations'] as const).flatMap((key) =>
    [...pipeline.metadata[key].keys()].flatMap((name) => {
      const isFree = key === 'annotations' && name === ANNOTATION_RETRY;
      if (isFree || !name.startsWith(OWN)) return [];
      const { places, position } = pipeline;
      const place =
        places?.get(`metadata.${key}.${name}`) ?? places?.get(`metadata.${key}`) ?? position;
      const one = key === 'labels' ? 'the label' : 'the annotation';
      const message = `${one} ${quoted(name)} belongs to the runner`;
      const fix = `remove it; of \`${OWN}\` only the annotation \`${ANNOTATION_RETRY}\` is for pipelines`;
      return [error('metadata-reserved', place, message, fix)];
    }),
  );
}
