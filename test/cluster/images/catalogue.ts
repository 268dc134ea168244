/** An image of the tests: layers made by rootfs.sh, and how a container of it starts. */
export interface TestImage {
  /** Names in the registry (`repository:tag`), which are also its names on docker.io. */
  readonly names: readonly string[];
  /** Lowest first; each is a tar that rootfs.sh makes. */
  readonly layers: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  /** `uid:gid`; root when left out. */
  readonly user?: string;
}

const SHELL = ['sh'];

export const TEST_IMAGES: readonly TestImage[] = [
  {
    names: ['library/busybox:latest', 'library/busybox:musl'],
    layers: ['busybox'],
    command: SHELL,
  },
  // Other shells as /bin/sh: what a step's commands run in differs between real images.
  { names: ['drone-kube/dash:latest'], layers: ['busybox', 'dash'], command: SHELL },
  { names: ['drone-kube/bash:latest'], layers: ['busybox', 'bash'], command: SHELL },
  {
    names: ['drone-kube/nonroot:latest'],
    layers: ['busybox'],
    command: SHELL,
    user: '1234:1234',
  },
  // No shell, no files: one program.
  { names: ['drone-kube/scratch-hello:latest'], layers: ['hello'], entrypoint: ['/hello'] },
  {
    names: ['plugins/echo:latest'],
    layers: ['busybox', 'plugin-echo'],
    entrypoint: ['/usr/local/bin/plugin-echo'],
  },
  // Doubles of the image that brings tmate, and of tmate: there is no server of it here.
  {
    names: ['drone-kube/tmate-double:latest'],
    layers: ['busybox', 'fake-tmate'],
    entrypoint: ['/bin/drone-runner-docker'],
  },
  // A service: answers at port 8080.
  {
    names: ['drone-kube/web:latest'],
    layers: ['busybox', 'web'],
    entrypoint: ['/bin/httpd', '-f', '-p', '8080', '-h', '/www'],
  },
  {
    names: ['drone/git:latest'],
    layers: ['busybox', 'dash', 'git'],
    entrypoint: ['/usr/local/bin/clone'],
  },
  { names: ['drone-kube/pause:1'], layers: ['pause'], entrypoint: ['/pause'] },
];
