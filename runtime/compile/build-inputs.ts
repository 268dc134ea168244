/** What the conditions of steps and policies are compared with. */
import type { BuildContext } from '../drone/types.ts';
import type { BuildInputs } from '../pipeline/conditions.ts';

export const buildInputs = ({
  build,
  repo,
  system,
}: Pick<BuildContext, 'build' | 'repo' | 'system'>): BuildInputs => ({
  action: build.action,
  branch: build.target,
  cron: build.cron,
  event: build.event,
  instance: system.host,
  ref: build.ref,
  repo: repo.slug,
  target: build.deploy_to,
});
