import { describe, expect, test } from '@jest/globals';
import { loadFile } from '../../../runtime/pipeline/load.ts';
import { HEAD, loadBrief, pipelineOf } from './helpers.ts';

/** Another file that says the same without a key that is given twice. The results are go-yaml's. */
describe('a key that is given twice, or merged', () => {
  const BASE = `x: &base
  image: b
  environment: {A: base, B: base}
  settings: {p: base, q: {from_secret: base}}
  when: {event: push, branch: {exclude: [base]}}
`;
  const step = (lines: string): string =>
    `${HEAD}${BASE}steps:\n- name: a\n  image: b\n${lines.replace(/^/gm, '  ')}\n`;

  test.each<[string, string, string]>([
    ['texts: the later one', 'pull: always\npull: never', 'pull: never'],
    ['a text that means nothing', 'failure: ignore\nfailure: x', 'failure: x'],
    ['lists: the later one', 'commands: [a, b]\ncommands: [c]', 'commands: [c]'],
    ['nothing takes away what was', 'user: 5\nuser:', ''],
    [
      'maps are put together',
      'environment: {A: 1, B: 1}\nenvironment: {A: {from_secret: x}, C: 3}',
      'environment: {A: {from_secret: x}, B: 1, C: 3}',
    ],
    ['nothing takes away a map', 'environment: {A: 1}\nenvironment:', ''],
    ['a variable', 'environment: {A: {from_secret: x}, A: 1, B: 2, B: }', 'environment: {A: 1}'],
    [
      'a reference to a secret',
      'environment: {A: {from_secret: x, from_secret: y}}',
      'environment: {A: {from_secret: y}}',
    ],
    [
      'values of settings are not put together',
      'settings: {a: {b: {c: 1}, b: {d: 2}}}',
      'settings: {a: {b: {d: 2}}}',
    ],
    [
      'keys are put together at every level',
      'resources: {limits: {cpu: 1, memory: 1}}\nresources: {limits: {cpu: 2}}',
      'resources: {limits: {cpu: 2, memory: 1}}',
    ],
    ['conditions', 'when: {branch: a}\nwhen: {event: b}', 'when: {branch: a, event: b}'],
    [
      'a condition as a text leaves the exclusions',
      'when: {branch: {include: [a], exclude: [b]}, branch: c}',
      'when: {branch: {include: [c], exclude: [b]}}',
    ],
    [
      'a condition as a list does not',
      'when: {branch: {exclude: [b]}, branch: [c]}',
      'when: {branch: [c]}',
    ],
    [
      'parts of a condition',
      'when: {branch: {include: [a], include: [b], exclude: [c], exclude: }}',
      'when: {branch: [b]}',
    ],
    [
      'a merge at the top',
      '<<: *base\nenvironment: {A: own, C: own}\nwhen: {branch: main}\nsettings: {q: own}',
      `environment: {A: own, B: base, C: own}
when: {event: push, branch: {include: [main], exclude: [base]}}
settings: {p: base, q: own}`,
    ],
    [
      'a merge at the bottom',
      'environment: {A: own, C: own}\nwhen: {branch: main}\nsettings: {q: own}\n<<: *base',
      `environment: {A: base, B: base, C: own}
when: {event: push, branch: {exclude: [base]}}
settings: {p: base, q: {from_secret: base}}`,
    ],
    [
      'what is merged is taken away',
      '<<: *base\nenvironment: {A: }\nsettings:\nwhen: {branch: }',
      'environment: {B: base}\nwhen: {event: push}',
    ],
    [
      'a list of merged maps',
      '<<: [{environment: {A: first}, when: {branch: x}}, *base]',
      `environment: {A: first, B: base}
when: {event: push, branch: {include: [x], exclude: [base]}}
settings: {p: base, q: {from_secret: base}}`,
    ],
  ])('%s', (_, given, same) => {
    expect(plain(pipelineOf(step(given)).steps)).toEqual(plain(pipelineOf(step(same)).steps));
  });

  test.each<[string, string]>([
    ['clone: {depth: 3}\nclone: {disable: true}', 'clone: {depth: 3, disable: true}'],
    ['clone: {depth: 3}\nclone:', ''],
    ['environment: {A: 1, A: , B: , B: 1}', 'environment: {A: "", B: 1}'],
    ['steps: [{name: a}]\nsteps: []', ''],
    [
      'volumes: [{name: v, temp: {medium: memory}, temp: {size_limit: 5}}]',
      'volumes: [{name: v, temp: {medium: memory, size_limit: 5}}]',
    ],
    [
      'volumes: [{name: v, temp: {}, temp: , host: {path: /x}}]',
      'volumes: [{name: v, host: {path: /x}}]',
    ],
    ['type: docker\ntype: kubernetes', ''],
  ])('in a pipeline: %s', (given, same) => {
    expect(plain(pipelineOf(`${HEAD}${given}`))).toEqual(plain(pipelineOf(`${HEAD}${same}`)));
  });

  test('the later kind of a document counts', () => {
    expect(loadFile(`${HEAD}kind: secret\nname: s`).documents).toMatchObject([{ kind: 'secret' }]);
  });

  test('a value of the wrong type is told in any of the places', () => {
    const briefs = loadBrief(`${HEAD}clone: 5\nclone: {depth: x}\nclone: {depth: 1}`);
    expect(briefs).toContain('3:8 error type-map');
  });
});

/** Without positions, which differ between files that say the same. */
function plain(value: unknown): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => key !== 'position' && key !== 'places');
  return Object.fromEntries(kept.map(([key, item]) => [key, plain(item)]));
}
