/** Who a container runs as, and what it may do. */
import type { Step } from '../pipeline/model.ts';
import { isPrivilegedPlugin } from './image.ts';
import { stepSecurity } from './kubernetes.ts';
import type { SecurityContext } from './objects.ts';
import type { CompileInput } from './types.ts';

/** The user of every container in a `restricted` namespace whose step names none. */
export const RESTRICTED_USER = 1000;

/** What the Pod Security level `restricted` asks of a container, but for its user. */
export const RESTRICTED: SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** undefined: nothing but what the image says. */
export function securityContext(
  source: Step | undefined,
  { options, pipeline }: CompileInput,
): SecurityContext | undefined {
  const user = {
    ...(source?.user === undefined ? {} : { runAsUser: source.user }),
    ...(source?.group === undefined ? {} : { runAsGroup: source.group }),
  };
  const own = source?.kubernetes?.securityContext;
  if (options.security === 'restricted') {
    const ofStage = pipeline.kubernetes?.securityContext?.runAsUser;
    const base = { ...RESTRICTED, runAsUser: ofStage ?? RESTRICTED_USER, ...user };
    return stepSecurity(own, base);
  }
  const privileged =
    source !== undefined &&
    (source.privileged || isPrivilegedPlugin(source, options.privilegedImages));
  const context = stepSecurity(own, { ...user, ...(privileged ? { privileged: true } : {}) });
  return Object.keys(context).length > 0 ? context : undefined;
}
