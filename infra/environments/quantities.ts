/** Amounts of CPU and memory as the settings write them. */

const CPU = /^[1-9]\d*m?$/;
const MEMORY = /^([1-9]\d*)([kMGT]|[KMGT]i)?$/;
const SUFFIXES: Readonly<Record<string, number>> = {
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Whole cores (`8`) or millicores (`500m`), above zero. */
export const isCpu = (text: string): boolean => CPU.test(text);

/** Bytes above zero, with a suffix or without: `16Gi`, `500M`. */
export const isMemory = (text: string): boolean => MEMORY.test(text);

/** Millicores of a checked amount. */
export const millicores = (cpu: string): number =>
  cpu.endsWith('m') ? Number(cpu.slice(0, -1)) : Number(cpu) * 1000;

/** Bytes of a checked amount. */
export function bytes(memory: string): number {
  const [, number = '0', suffix = ''] = MEMORY.exec(memory) ?? [];
  return Number(number) * (SUFFIXES[suffix] ?? 1);
}
