/** What a run came to, for people. */
import type { Death } from './replicas.ts';
import type { Judged } from './stream.ts';

export interface Outcome {
  readonly judged: readonly Judged[];
  readonly deaths: readonly Death[];
  /** Of no build alone. */
  readonly wrong: readonly string[];
  /** Unix milliseconds. */
  readonly began: number;
}

/** Whether everything was right. */
export function report(outcome: Outcome, tell: (line: string) => void): boolean {
  const { judged, deaths, wrong, began } = outcome;
  tell('');
  tell(['scenario    ', 'builds', ' wrong', '  slowest'].join(' '));
  for (const name of new Set(judged.map(({ scenario }) => scenario))) {
    const own = judged.filter(({ scenario }) => scenario === name);
    const bad = own.filter((each) => each.wrong.length > 0).length;
    const slowest = Math.max(...own.map((each) => each.ended - each.began)) / 1_000;
    tell(
      [
        name.padEnd(12),
        String(own.length).padStart(6),
        String(bad).padStart(6),
        `${slowest.toFixed(1)} s`.padStart(9),
      ].join(' '),
    );
  }
  const seconds = (time: number): string => `${((time - began) / 1_000).toFixed(1)} s`;
  for (const each of judged.filter((one) => one.wrong.length > 0)) {
    tell('');
    tell(`${each.scenario} ${JSON.stringify(each.params)} ${each.link}`);
    tell(
      `  from ${seconds(each.began)} to ${seconds(each.ended)}, stages ${each.stages.join(' ')}`,
    );
    for (const line of each.wrong) tell(`  ${line}`);
    for (const { at, replica, how } of deaths) {
      if (at >= each.began && at <= each.ended)
        tell(`    ${seconds(at)} replica ${replica} ${how}`);
    }
  }
  if (wrong.length > 0) tell('');
  for (const line of wrong) tell(line);
  const bad = judged.filter((each) => each.wrong.length > 0).length;
  tell('');
  tell(
    `${judged.length} builds, ${bad} wrong; ${deaths.length} ends of replicas; ${wrong.length} other things wrong`,
  );
  return bad === 0 && wrong.length === 0;
}
