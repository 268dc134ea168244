/** All references to Secrets of an environment. Pure. */
import type { Deployment } from './defaults.ts';
import type { SecretReference } from './settings-secrets.ts';

export interface NamedReference {
  /** The setting, from the name of the environment on. */
  readonly path: string;
  /** The variable that gets the value. */
  readonly variable: string;
  readonly reference: SecretReference;
}

export const secretReferences = ({
  name,
  drone,
  runner,
}: Deployment): readonly NamedReference[] => [
  { path: `${name}.drone.rpcSecret`, variable: 'DRONE_RPC_SECRET', reference: drone.rpcSecret },
  ...Object.entries(runner.secretEnvironment).map(([variable, reference]) => ({
    path: `${name}.runner.secretEnvironment.${variable}`,
    variable,
    reference,
  })),
];
