/** What is wrong with where the output goes. */
import type { Deployment } from './defaults.ts';
import { isDnsLabel, LABEL_FIX, type Problem } from './values.ts';

const GIT = /^(https:\/\/|ssh:\/\/|[\w.-]+@[\w.-]+:)\S+$/;

export function* gitopsProblems({ name, gitops }: Deployment): Generator<Problem> {
  const path = `${name}.gitops`;
  const { repository, argocd, flux } = gitops;
  const isOci = flux?.source === 'oci';
  if (isOci ? !repository.startsWith('oci://') : !GIT.test(repository)) {
    yield {
      code: 'settings-gitops-repository',
      path: `${path}.repository`,
      message: `"${repository}" is no address of ${isOci ? 'an OCI artifact' : 'a Git repository'}`,
      fix: isOci ? 'write oci://registry/name' : 'write https://…, ssh://… or git@host:path',
    };
  }
  if (/:\/\/[^/@]*:[^/@]*@/.test(repository)) {
    yield {
      code: 'settings-gitops-password',
      path: `${path}.repository`,
      message: 'the address holds a password, which everybody could read',
      fix: 'take it out, and give it to Argo CD or Flux by a Secret',
    };
  }
  if (isOci && argocd !== undefined) {
    yield {
      code: 'settings-gitops-both',
      path: `${path}.argocd`,
      message: 'the repository is an OCI artifact made for Flux, which Argo CD reads differently',
      fix: 'take source git, or one of the two',
    };
  }
  for (const [key, namespace] of [
    ['argocd', argocd?.namespace],
    ['flux', flux?.namespace],
  ] as const) {
    if (namespace === undefined || isDnsLabel(namespace)) continue;
    yield {
      code: 'settings-namespace-name',
      path: `${path}.${key}.namespace`,
      message: `"${namespace}" cannot be the name of a namespace`,
      fix: LABEL_FIX,
    };
  }
}
