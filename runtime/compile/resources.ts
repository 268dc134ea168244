/** CPU in millicores and memory in bytes, and how Kubernetes writes them. 0 means "not set". */
import type { ResourceAmounts } from '../pipeline/model.ts';

const MEBIBYTE = 1024 * 1024;

/** What a stage requests where nobody says otherwise: 100 millicores and 100 MiB. */
export const DEFAULT_STAGE_REQUEST: ResourceAmounts = { cpu: 100, memory: 100 * MEBIBYTE };

/**
 * The limit of one container: the smaller one where both the runner (its policy or its
 * configuration) and the step set one, otherwise the one that is set.
 */
export const containerLimits = (
  runner: ResourceAmounts,
  step: ResourceAmounts,
): ResourceAmounts => ({
  cpu: smallerOfSet(runner.cpu, step.cpu),
  memory: smallerOfSet(runner.memory, step.memory),
});

/**
 * The request of a whole stage: what is wanted for it, but no less than the sum of what each of its
 * containers gets at least.
 */
export const stageRequest = (
  wanted: ResourceAmounts,
  minimum: ResourceAmounts,
  containers: number,
): ResourceAmounts => ({
  cpu: Math.max(wanted.cpu, minimum.cpu * containers),
  memory: Math.max(wanted.memory, minimum.memory * containers),
});

/** What is set, as the `requests` or `limits` of a container. */
export function toQuantities(amounts: ResourceAmounts): { cpu?: string; memory?: string } {
  return {
    ...(amounts.cpu > 0 ? { cpu: `${amounts.cpu}m` } : {}),
    ...(amounts.memory > 0 ? { memory: String(amounts.memory) } : {}),
  };
}

/** `250m`, `1.5` or `2` as millicores, rounded up; undefined where it is no quantity. */
export const parseCpu = (quantity: string): number | undefined => parseQuantity(quantity, 1000n);

/** `1Gi`, `500M` or `1e9` as bytes, rounded up; undefined where it is no quantity. */
export const parseMemory = (quantity: string): number | undefined => parseQuantity(quantity, 1n);

const smallerOfSet = (a: number, b: number): number =>
  a > 0 && b > 0 ? Math.min(a, b) : Math.max(a, b);

const DECIMAL_SUFFIXES: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY_SUFFIXES = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** Not negative; exact, because a quota must not be off by a rounding of binary fractions. */
function parseQuantity(quantity: string, scale: bigint): number | undefined {
  const match = /^\+?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,2})|([KMGTPE]i|[numkMGTPE])?)$/.exec(
    quantity,
  );
  if (match === null) return undefined;
  const [, whole = '', fraction = '', exponent, suffix = ''] = match;
  if (whole + fraction === '') return undefined;

  const binary = BINARY_SUFFIXES.indexOf(suffix) + 1;
  const power =
    (exponent === undefined ? (DECIMAL_SUFFIXES[suffix] ?? 0) : Number(exponent)) - fraction.length;
  const digits = BigInt(whole + fraction) * scale * 1024n ** BigInt(binary);
  if (power >= 0) return Number(digits * 10n ** BigInt(power));
  const divisor = 10n ** BigInt(-power);
  return Number((digits + divisor - 1n) / divisor);
}
