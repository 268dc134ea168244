/** The address that the HTTP server listens on, as it is configured. */

export class TelemetryError extends Error {
  override readonly name = 'TelemetryError';
  readonly code: 'telemetry-address' | 'telemetry-listen';
  /** What to write instead. */
  readonly fix: string;

  constructor(code: TelemetryError['code'], message: string, fix: string) {
    super(message);
    this.code = code;
    this.fix = fix;
  }
}

export interface Address {
  /** undefined: all interfaces. */
  readonly host: string | undefined;
  /** 0: any port that is free. */
  readonly port: number;
}

/**
 * `:3000`, `3000`, `127.0.0.1:3000`, `[::1]:3000` (or `::1:3000`) or `localhost:3000`.
 * Throws a TelemetryError `telemetry-address`.
 */
export function parseAddress(text: string): Address {
  const match = /^(?:(?:\[([\da-f:.]+)\]|([\w.-]*|[\da-f:.]+:[\da-f.]+)):)?(\d{1,5})$/i.exec(
    text.trim(),
  );
  const port = Number(match?.[3] ?? Number.NaN);
  if (match !== null && port <= 65_535) return { host: match[1] || match[2] || undefined, port };
  const message = `DRONE_SERVER_PORT is "${text}", which is no address to listen on`;
  const fix = text.includes('://')
    ? 'Kubernetes sets this variable in Pods beside a Service named drone-server: set it to :3000, or enableServiceLinks to false'
    : 'write :3000, or 127.0.0.1:3000 for one interface';
  throw new TelemetryError('telemetry-address', message, fix);
}
