import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from '@jest/globals';
import { CODES } from '../../../runtime/pipeline/codes.ts';
import type { Diagnostic } from '../../../runtime/pipeline/diagnostics.ts';
import { renderGithub, renderJson } from '../../../runtime/pipeline/render-json.ts';
import { renderSarif } from '../../../runtime/pipeline/render-sarif.ts';

const diagnostic = (line: number, more: Partial<Diagnostic> = {}): Diagnostic => ({
  code: 'type-string',
  severity: 'error',
  message: 'm',
  fix: 'f',
  position: { line, column: 3, length: 4 },
  ...more,
});

const FILES = [
  { file: 'b.yml', diagnostics: [diagnostic(2), diagnostic(1, { severity: 'warning' })] },
  { file: 'a b/ä.yml', diagnostics: [diagnostic(7, { code: 'step-image-latest' })] },
  { file: 'fine.yml', diagnostics: [] },
];

test('JSON is a flat list, file after file, each from its beginning', () => {
  expect(JSON.parse(renderJson(FILES))).toEqual([
    {
      file: 'b.yml',
      line: 1,
      column: 3,
      length: 4,
      severity: 'warning',
      code: 'type-string',
      message: 'm',
      fix: 'f',
    },
    {
      file: 'b.yml',
      line: 2,
      column: 3,
      length: 4,
      severity: 'error',
      code: 'type-string',
      message: 'm',
      fix: 'f',
    },
    {
      file: 'a b/ä.yml',
      line: 7,
      column: 3,
      length: 4,
      severity: 'error',
      code: 'step-image-latest',
      message: 'm',
      fix: 'f',
    },
  ]);
  expect(renderJson([])).toBe('[]\n');
});

describe('GitHub', () => {
  test('a command for each', () => {
    expect(renderGithub(FILES)).toBe(
      [
        '::warning file=b.yml,line=1,col=3,endColumn=7,title=type-string::m; fix: f',
        '::error file=b.yml,line=2,col=3,endColumn=7,title=type-string::m; fix: f',
        '::error file=a b/ä.yml,line=7,col=3,endColumn=7,title=step-image-latest::m; fix: f',
        '',
      ].join('\n'),
    );
  });

  test('nothing of a file ends a command or begins another', () => {
    const bad = diagnostic(1, { message: '50%\n::error::x\r', fix: '\u001B[31m' });
    expect(renderGithub([{ file: 'a,b:c%\n.yml', diagnostics: [bad] }])).toBe(
      '::error file=a%2Cb%3Ac%25%0A.yml,line=1,col=3,endColumn=7,title=type-string::50%25\uFFFD::error::x\uFFFD; fix: \uFFFD[31m\n',
    );
  });
});

describe('SARIF', () => {
  const schema: object = JSON.parse(
    readFileSync(new URL('../../fixtures/sarif-2.1.0.schema.json', import.meta.url), 'utf8'),
  );
  const validate = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(
    schema,
  );
  const log = JSON.parse(renderSarif(FILES, '1.2.3'));

  test.each([FILES, []])('is what the standard says', (...files) => {
    validate(JSON.parse(renderSarif(files, '1.2.3')));
    expect(validate.errors).toBeNull();
  });

  test('a result says where, what and how bad', () => {
    const [run] = log.runs;
    expect(run.results).toHaveLength(3);
    const last = run.results.at(-1);
    expect(last).toMatchObject({
      ruleId: 'step-image-latest',
      level: 'error',
      message: { text: 'm; fix: f' },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'a%20b/%C3%A4.yml' },
            region: { startLine: 7, startColumn: 3, endColumn: 7 },
          },
        },
      ],
    });
    expect(run.tool.driver.rules[last.ruleIndex]).toEqual({
      id: 'step-image-latest',
      shortDescription: { text: CODES['step-image-latest'] },
      defaultConfiguration: { level: 'warning' },
    });
  });

  test.each([
    ['/a/b c.yml', 'file:///a/b%20c.yml'],
    ['-', 'stdin'],
    ['../a.yml', '../a.yml'],
  ])('%s is %s', (file, uri) => {
    expect(renderSarif([{ file, diagnostics: [diagnostic(1)] }], '1')).toContain(`"uri": "${uri}"`);
  });
});
