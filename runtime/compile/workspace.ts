/** What steps are told about the workspace. */

/** DRONE_WORKSPACE, and the id of the volume behind it. */
export const workspaceEnvironment = (path: string, volumeId: string): Map<string, string> =>
  new Map([
    ['DRONE_WORKSPACE', path],
    ['DRONE_DOCKER_VOLUME_ID', volumeId],
  ]);
