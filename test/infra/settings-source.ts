/** The reference of the settings, read from their source, where each says what it is. */
import { readFile } from 'node:fs/promises';

const FOLDER = new URL('../../infra/environments/', import.meta.url);
const FILES = ['', '-builds', '-network', '-capacity', '-secrets', '-gitops'];

/** The source of all settings, in the order of the reference. */
export async function settingsSource(): Promise<string> {
  const texts = FILES.map(async (name) => readFile(new URL(`settings${name}.ts`, FOLDER), 'utf8'));
  return (await Promise.all(texts)).join('\n');
}

interface Setting {
  readonly name: string;
  readonly optional: boolean;
  readonly type: string;
  readonly text: string;
  readonly fallback: string;
}

interface Group {
  readonly name: string;
  readonly text: string;
  readonly extended: string;
  readonly settings: readonly Setting[];
}

const COMMENT = String.raw`(?:\/\*\*((?:(?!\*\/)[^])*)\*\/\s*)?`;
const INTERFACE = new RegExp(
  String.raw`${COMMENT}(?:export )?interface (\w+)(?: extends ([\w, ]+))? \{([^]*?)\n?\}\n`,
  'g',
);
const PROPERTY = new RegExp(
  String.raw`${COMMENT}readonly (\w+)(\??): ((?:[^;{]|\{[^}]*\})+);`,
  'g',
);

/** A section for each interface, in the order of the source, as Markdown. */
export const settingsMarkdown = (source: string): string => groups(source).map(section).join('\n');

/** Every property, as `Interface.name`, that says nothing of itself or of its default. */
export const undocumented = (source: string): readonly string[] =>
  groups(source).flatMap(({ name, settings }) =>
    settings
      .filter(({ text, type, optional, fallback }) =>
        optional ? fallback === '' : text === '' && /^(string|number|boolean)$/.test(type),
      )
      .filter(({ name: key }) => !OBVIOUS.has(key))
      .map((setting) => `${name}.${setting.name}`),
  );

/** They say what they are. */
const OBVIOUS: ReadonlySet<string> = new Set(['key', 'namespace', 'hours', 'name', 'stages']);

const groups = (source: string): readonly Group[] =>
  [...source.matchAll(INTERFACE)].map(([, comment = '', name = '', extended = '', body = '']) => ({
    name,
    text: prose(comment),
    extended,
    settings: [...body.matchAll(PROPERTY)].map(
      ([, about = '', key = '', optional = '', type = '']) => ({
        name: key,
        optional: optional === '?',
        type: type.replaceAll('readonly ', '').replaceAll(/\s+/g, ' '),
        text: prose(about.split('@default')[0] ?? ''),
        fallback: prose(about.split('@default')[1] ?? ''),
      }),
    ),
  }));

const prose = (comment: string): string =>
  comment
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trim())
    .join(' ')
    .trim();

function section({ name, text, extended, settings }: Group): string {
  const more =
    extended === '' ? '' : `Also the settings of ${extended.split(', ').map(link).join(' and ')}.`;
  const rows = settings.map((setting) =>
    [
      `\`${setting.name}\``,
      `\`${setting.type.replaceAll('|', '\\|')}\``,
      setting.optional ? setting.fallback : '**required**',
      setting.text.replaceAll('|', '\\|'),
    ].join(' | '),
  );
  return [
    `### ${name}`,
    '',
    ...[text, more].flatMap((part) => (part === '' ? [] : [part, ''])),
    ...(rows.length === 0
      ? []
      : ['| Setting | Type | Default | Meaning |', '| --- | --- | --- | --- |']),
    ...rows.map((row) => `| ${row} |`),
    '',
  ].join('\n');
}

const link = (name: string): string => `[${name}](#${name.toLowerCase()})`;
