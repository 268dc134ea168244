/** The runner's own log: JSON lines on stdout, and the last of them for the dashboard. */
import { destination, pino, type DestinationStream } from 'pino';
import type { STAGE_FIELDS, Level, LogBook } from './log-book.ts';
import { createMask, redactFields, type Mask } from './redact.ts';

export type Fields = Readonly<Record<string, unknown>>;

/**
 * Everything that is given is made free of secrets before it is written: see redact.ts.
 * An error goes into the field `error`.
 */
export interface Logger {
  trace(message: string, fields?: Fields): void;
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** Adds the fields to each line, and hides the secrets in each line. */
  child(fields: Fields, secrets?: readonly string[]): Logger;
}

export interface LoggerOptions {
  /** DRONE_DEBUG: also what is of use to find a fault, with the stacks of errors. */
  readonly debug: boolean;
  /** DRONE_TRACE: everything. */
  readonly trace: boolean;
  /** Hidden wherever they appear: the RPC secret, tokens of extensions, the dashboard's password. */
  readonly secrets: readonly string[];
  readonly book: LogBook;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Takes the lines, each with its newline; {@link stdout} but for tests. */
  readonly out: DestinationStream;
}

/** Written at once, so the last line before a crash is not lost. */
export const stdout = (): DestinationStream => destination({ dest: 1, sync: true });

export function createLogger(options: LoggerOptions): Logger {
  const writer = pino(
    {
      level: options.trace ? 'trace' : options.debug ? 'debug' : 'info',
      base: null,
      // Given with the fields, so that stdout and dashboard tell the same time.
      timestamp: false,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.out,
  );
  const { book, now, secrets } = options;
  return new MaskingLogger({ book, now, writer }, {}, secrets, createMask(secrets));
}

/** What a line about a stage is found by, in the log of a whole cluster. */
export interface StageIds {
  readonly repo: string;
  readonly build: { readonly id: number; readonly number: number };
  readonly stage: { readonly id: number; readonly number: number; readonly name: string };
}

/** The logger of one stage: its lines also appear on the stage's page of the dashboard. */
export function stageLogger(log: Logger, ids: StageIds, secrets: readonly string[]): Logger {
  const fields: Readonly<Record<(typeof STAGE_FIELDS)[number], string | number>> = {
    repo: ids.repo,
    'build.id': ids.build.id,
    'build.number': ids.build.number,
    [STAGE_ID]: ids.stage.id,
    'stage.number': ids.stage.number,
    'stage.name': ids.stage.name,
  };
  return log.child(fields, secrets);
}

const STAGE_ID = 'stage.id';

interface Sink extends Pick<LoggerOptions, 'book' | 'now'> {
  readonly writer: pino.Logger;
}

class MaskingLogger implements Logger {
  readonly #sink: Sink;
  readonly #fields: Fields;
  readonly #secrets: readonly string[];
  readonly #mask: Mask;

  constructor(sink: Sink, fields: Fields, secrets: readonly string[], mask: Mask) {
    this.#sink = sink;
    this.#fields = fields;
    this.#secrets = secrets;
    this.#mask = mask;
  }

  trace(message: string, fields: Fields = {}): void {
    this.#log('trace', message, fields);
  }

  debug(message: string, fields: Fields = {}): void {
    this.#log('debug', message, fields);
  }

  info(message: string, fields: Fields = {}): void {
    this.#log('info', message, fields);
  }

  warn(message: string, fields: Fields = {}): void {
    this.#log('warn', message, fields);
  }

  error(message: string, fields: Fields = {}): void {
    this.#log('error', message, fields);
  }

  child(fields: Fields, secrets: readonly string[] = []): Logger {
    const allFields = { ...this.#fields, ...fields };
    const allSecrets = [...this.#secrets, ...secrets];
    const mask = secrets.length === 0 ? this.#mask : createMask(allSecrets);
    return new MaskingLogger(this.#sink, allFields, allSecrets, mask);
  }

  #log(level: Level, message: string, fields: Fields): void {
    const { writer, book, now } = this.#sink;
    if (!writer.isLevelEnabled(level)) return;
    const time = now();
    const given = { ...this.#fields, ...fields };
    const clean = redactFields(given, this.#mask, writer.isLevelEnabled('debug'));
    const text = this.#mask(message);
    writer[level]({ time: new Date(time).toISOString(), ...clean }, text);
    const stage = given[STAGE_ID];
    const entry = { time, level, message: text, fields: clean };
    book.add(entry, typeof stage === 'number' ? stage : undefined);
  }
}
