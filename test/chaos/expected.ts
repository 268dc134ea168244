/** What a build of a scenario has to come to. */

export interface ExpectedBuild {
  readonly status: string;
  readonly stages: Readonly<Record<string, ExpectedStage>>;
  /** Steps that run, exactly once each, as they say themselves. */
  readonly hits: readonly string[];
}

export interface ExpectedStage {
  readonly status: string;
  /** By name; none of a stage that never runs. */
  readonly steps: Readonly<Record<string, ExpectedStep>>;
}

export interface ExpectedStep {
  readonly status: string;
  readonly exitCode: number;
  /** All lines; `some` for what nobody knows beforehand, `none` where no log is kept. */
  readonly log: readonly string[] | 'some' | 'none';
}
