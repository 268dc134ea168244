/**
 * Amounts of resources of a step, by the name of the resource. CPU and memory are counted as
 * everywhere in a pipeline file, ephemeral storage as memory; what has a domain in its name, such as
 * `nvidia.com/gpu`, is counted in whole pieces.
 */
import { isResourceName } from '../config/kubernetes-names.ts';
import { memoryBytes } from './decode-scalar.ts';

/** Names that are no extended resources. */
export const OWN_RESOURCES = ['ephemeral_storage', 'cpu', 'memory'] as const;

export type ReadAmount =
  { readonly value: number } | { readonly wrong: string; readonly fix: string };

/** Millicores, bytes or pieces. `wrong` follows the text: `"1.5" is no number of pieces`. */
export function readAmount(name: string, text: string): ReadAmount {
  const value =
    name === 'memory' || name === 'ephemeral_storage'
      ? memoryBytes(text)
      : /^[0-9]{1,12}$/.test(text)
        ? Number(text)
        : undefined;
  if (value !== undefined) return { value };
  switch (name) {
    case 'cpu':
      return { wrong: 'no whole number of millicores', fix: 'write `1000` for one core' };
    case 'memory':
    case 'ephemeral_storage':
      return { wrong: 'no amount of bytes', fix: 'write an amount such as `500MiB` or `2GiB`' };
    default:
      return { wrong: 'no whole number of pieces', fix: 'write a number such as `1`' };
  }
}

/** Is it the name of a device or another resource that the cluster itself does not know? */
export const isExtendedResource = (name: string): boolean =>
  name.includes('/') && !/^(?:[^/]*\.)?kubernetes\.io\//.test(name) && isResourceName(name);
