import type { Environment } from './settings.ts';

export const dev: Environment = {
  name: 'dev',
  execAccess: {
    namespace: 'drone-exec',
    podSecurity: 'baseline',
    subjects: [{ kind: 'Group', name: 'developers' }],
    quota: { pods: 20, cpu: '8', memory: '16Gi' },
  },
};
