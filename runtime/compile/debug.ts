/**
 * A build in debug mode: where a command fails, the step stays and opens a session of tmate, through
 * which a person can log in. Any other build gets nothing of this.
 */
import type { Environment } from './environment.ts';
import { expandImage } from './image.ts';
import type { Container, Volume, VolumeMount } from './objects.ts';
import { toQuantities } from './resources.ts';
import { RESTRICTED, RESTRICTED_USER } from './security.ts';
import type { CompileInput } from './types.ts';

/** What the variables DRONE_TMATE_* of the runner say. */
export interface TmateSettings {
  /** Has `/bin/drone-runner-docker`, whose `copy` puts tmate where the scripts look for it. */
  readonly image: string;
  /** undefined: the public server of tmate, whatever the other three say. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly fingerprintRsa: string | undefined;
  readonly fingerprintEd25519: string | undefined;
}

/** The container that brings tmate into the Pod. */
export const TMATE_CONTAINER = 'tmate';

const VOLUME = 'drone-kube-addons';
const FOLDER = '/usr/drone/bin';

export const isDebug = ({ context, runner }: CompileInput): boolean =>
  context.build.debug && runner.tmate !== undefined;

/** DRONE_TMATE_* for the scripts; none where the public server of tmate is used. */
export function debugEnvironment(input: CompileInput): Environment {
  const { tmate } = input.runner;
  if (!isDebug(input) || tmate?.host === undefined) return new Map();
  const values = [
    ['DRONE_TMATE_HOST', tmate.host],
    ['DRONE_TMATE_PORT', tmate.port],
    ['DRONE_TMATE_FINGERPRINT_RSA', tmate.fingerprintRsa],
    ['DRONE_TMATE_FINGERPRINT_ED25519', tmate.fingerprintEd25519],
  ] as const;
  return new Map(
    values.flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as const],
    ),
  );
}

/** What the Pod gets beside its containers; nothing outside of debug mode. */
export function debugPod(input: CompileInput): {
  readonly spec: { readonly initContainers?: readonly Container[] };
  readonly volumes: readonly Volume[];
} {
  const { tmate, settings } = input.runner;
  if (!isDebug(input) || tmate === undefined) return { spec: {}, volumes: [] };
  const limits = toQuantities(settings.resources.limit);
  const copy: Container = {
    name: TMATE_CONTAINER,
    image: expandImage(tmate.image),
    imagePullPolicy: 'IfNotPresent',
    command: ['/bin/drone-runner-docker', 'copy'],
    env: [],
    envFrom: [],
    volumeMounts: [{ name: VOLUME, mountPath: FOLDER }],
    resources: {
      requests: { cpu: '0', memory: '0' },
      ...(Object.keys(limits).length > 0 ? { limits } : {}),
    },
    securityContext: { ...RESTRICTED, runAsUser: RESTRICTED_USER, readOnlyRootFilesystem: true },
  };
  return { spec: { initContainers: [copy] }, volumes: [{ name: VOLUME, emptyDir: {} }] };
}

/** For a step with a script, beside what it mounts already: a path can be mounted only once. */
export const debugMount = (mounts: readonly VolumeMount[]): readonly VolumeMount[] =>
  mounts.some(({ mountPath }) => mountPath === FOLDER)
    ? []
    : [{ name: VOLUME, mountPath: FOLDER, readOnly: true }];

/**
 * Stands before the commands of a script. 78 ends a pipeline and is no failure. The exit code of
 * the step stays the one of the command that failed. tmate returns when its session is ended.
 */
export const DEBUG_SCRIPT = String.raw`_debug() {
  _code=$?
  trap - EXIT
  set +eu
  if [ "$_code" -eq 0 ] || [ "$_code" -eq 78 ]; then exit "$_code"; fi
  if ! [ -x ${FOLDER}/tmate ]; then
    printf '%s\n' "drone-kube: debug mode: there is no ${FOLDER}/tmate, so nobody can log in" >&2
    exit "$_code"
  fi
  _conf=
  if [ -n "$DRONE_TMATE_HOST" ]; then
    for _folder in "$HOME" /tmp "$DRONE_WORKSPACE"; do
      _conf=$_folder/.tmate.conf
      _debug_server 2>/dev/null >>"$_conf" && break
      _conf=
    done
    if [ -z "$_conf" ]; then
      printf '%s\n' "drone-kube: debug mode: there is no folder for the settings of tmate, so nobody can log in" >&2
      exit "$_code"
    fi
  fi
  printf '%s\n' "drone-kube: debug mode: exit code $_code; log in as tmate says below, and end its session to end the step"
  ${FOLDER}/tmate ${'${_conf:+-f "$_conf"}'} -F
  exit "$_code"
}
_debug_server() {
  printf 'set -g tmate-server-host "%s"\n' "$DRONE_TMATE_HOST"
  [ -z "$DRONE_TMATE_PORT" ] || printf 'set -g tmate-server-port %s\n' "$DRONE_TMATE_PORT"
  [ -z "$DRONE_TMATE_FINGERPRINT_RSA" ] ||
    printf 'set -g tmate-server-rsa-fingerprint "%s"\n' "$DRONE_TMATE_FINGERPRINT_RSA"
  [ -z "$DRONE_TMATE_FINGERPRINT_ED25519" ] ||
    printf 'set -g tmate-server-ed25519-fingerprint "%s"\n' "$DRONE_TMATE_FINGERPRINT_ED25519"
}
trap _debug EXIT
`;
