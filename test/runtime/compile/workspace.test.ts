import { expect, test } from '@jest/globals';
import { workspaceEnvironment } from '../../../runtime/compile/workspace.ts';

test('workspaceEnvironment', () => {
  expect(Object.fromEntries(workspaceEnvironment('/drone/src', 'drone-abc'))).toEqual({
    DRONE_WORKSPACE: '/drone/src',
    DRONE_DOCKER_VOLUME_ID: 'drone-abc',
  });
});
