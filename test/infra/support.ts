/** Builders of settings: everything in order but what a test is about. */
import type { Environment, ExecAccess } from '../../infra/environments/settings.ts';

export const environmentOf = (
  execAccess: Partial<ExecAccess> = {},
  name = 'staging',
): Environment => ({
  name,
  execAccess: {
    namespace: 'pipelines',
    podSecurity: 'baseline',
    subjects: [{ kind: 'Group', name: 'developers' }],
    quota: { pods: 5, cpu: '2', memory: '4Gi' },
    ...execAccess,
  },
});
