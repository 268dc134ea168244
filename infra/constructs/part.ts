/** A chart: one folder of the output. */
import { ApiObject, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { labelsOf, type Component } from './names.ts';

/** Order of deployment: each wave waits for the one before. */
export type Wave = 0 | 1 | 2 | 3 | 4;

/**
 * Its objects have the names that they are given. It has no namespace of its own, because cdk8s
 * would write that onto objects that belong to the cluster as well.
 */
export class Part extends Chart {
  readonly wave: Wave;

  constructor(scope: Construct, id: string, component: Component, wave: Wave) {
    super(scope, id, { labels: { ...labelsOf(component) }, disableResourceNameHashes: true });
    this.wave = wave;
  }

  /** In the order in which they were made. */
  get objects(): readonly ApiObject[] {
    return this.node.findAll().filter((construct) => ApiObject.isApiObject(construct));
  }
}
