/** The rules in `cdk8s synth`: named under `validations` in cdk8s.yaml. */
import type { Validation, ValidationContext } from 'cdk8s-cli/plugins';
import { boundNamespaces, manifestViolations, type Manifest } from './manifests.ts';

export class PolicyValidation implements Validation {
  async validate({ manifests, report, parseManifest }: Context): Promise<void> {
    const files = manifests.map((path) => {
      const objects: readonly (Manifest | null)[] = parseManifest(path);
      return { path, objects: objects.filter((object) => object !== null) };
    });
    const namespaces = boundNamespaces(files.flatMap(({ objects }) => objects));
    let isSound = true;
    for (const { path, objects } of files) {
      for (const object of objects) {
        for (const { code, message, fix, location } of manifestViolations(object, namespaces)) {
          isSound = false;
          report.addViolation({
            ruleName: code,
            recommendation: message,
            fix,
            violatingResources: [
              { resourceName: object.metadata.name, locations: [location], manifestPath: path },
            ],
          });
        }
      }
    }
    report.submit(isSound ? 'success' : 'failure');
  }
}

/** What the plug-in is given, as far as it is used. */
export type Context = Pick<ValidationContext, 'manifests' | 'parseManifest'> & {
  readonly report: Pick<ValidationContext['report'], 'addViolation' | 'submit'>;
};
