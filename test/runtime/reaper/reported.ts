/** What a run of the reaper may report. */
import type { Done, ReapReport } from '../../../runtime/reaper/report.ts';
import { objectOf, recordOf } from './found.ts';

export const REMOVED: Done = {
  reason: 'owner dead',
  stage: 7,
  outcome: 'removed',
  closed: true,
  things: [objectOf('Pod'), objectOf('Secret'), recordOf()],
  left: [],
  note: '',
};
export const KEPT: Done = {
  reason: 'deadline',
  stage: 8,
  outcome: 'kept',
  closed: false,
  things: [],
  left: [objectOf('Pod')],
  note: 'the Drone server does not answer',
};

/** A run that had nothing to do, but for what is given. */
export const reportOf = (report: Partial<ReapReport>): ReapReport => ({
  dryRun: false,
  seconds: 1.25,
  done: [],
  waiting: [],
  problems: [],
  interrupted: false,
  stuck: [],
  requests: new Map([
    ['LIST pods', 2],
    ['DELETE pods', 1],
  ]),
  ...report,
});
