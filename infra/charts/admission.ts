/** The admission rules of the namespaces of builds. */
import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { admissionObjects } from '../../policies/admission/index.ts';
import { admissionInput } from '../constructs/admission.ts';
import { Part } from '../constructs/part.ts';
import type { Deployment } from '../environments/defaults.ts';

export class AdmissionChart extends Part {
  constructor(scope: Construct, id: string, deployment: Deployment) {
    super(scope, id, 'admission', 1);
    for (const builds of [deployment.trusted, deployment.untrusted]) {
      if (builds === undefined) continue;
      for (const object of admissionObjects(admissionInput(deployment, builds))) {
        new ApiObject(this, `${object.kind}-${builds.trust}`, { ...object });
      }
    }
  }
}
