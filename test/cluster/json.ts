/** The value at a path of keys inside anything, such as parsed JSON; undefined where there is none. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined,
    value,
  );
}

export function parseJson(text: string): unknown {
  return JSON.parse(text);
}
