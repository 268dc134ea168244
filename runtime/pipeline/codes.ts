/**
 * Every code that a diagnostic of a pipeline file can carry, with the sentence that documents it.
 * A code is never used again for another rule; a rule that goes leaves its code here, unused.
 */
import type { Diagnostic, Position, Severity } from './diagnostics.ts';

export const CODES = {
  'yaml-too-large': 'The file is larger than the runner reads.',
  'yaml-too-deep': 'Lists and maps are nested deeper than the runner reads.',
  'yaml-too-many-values': 'The file has more values than the runner reads, aliases expanded.',
  'yaml-too-many-aliases': 'The file has more aliases than the runner reads.',
  'yaml-alias-bomb': 'Aliases of aliases expand to more values than the runner reads.',
  'yaml-alias-unknown': 'An alias refers to an anchor that is not defined above it.',
  'yaml-alias-recursive': 'An alias stands inside the value that it refers to.',
  'yaml-duplicate-key': 'A map has the same key twice.',
  'yaml-key-type': 'The key of a map is a list or a map.',
  'yaml-merge-type': 'A merge key `<<` has a value that is neither a map nor a list of maps.',
  'yaml-merge-order':
    'A merge key `<<` sets a key that stands above it, and goes over what is written there.',
  'yaml-tab': 'A tab is used for indentation.',
  'yaml-indentation': 'A line is indented by a number of spaces that fits nothing above it.',
  'yaml-colon': 'A key is not followed by a colon and a space.',
  'yaml-unclosed': 'A quote or a bracket is opened and never closed.',
  'yaml-escape': 'A text in double quotes has a backslash sequence that YAML does not know.',
  'yaml-comma': 'A list or map in brackets lacks a comma, or has one too many.',
  'yaml-character': 'The file has a character that YAML does not allow there.',
  'yaml-tag': 'A tag (`!…`) is not well formed or does not fit its value.',
  'yaml-anchor': 'An anchor (`&…`) or an alias (`*…`) is not well formed.',
  'yaml-block': 'The first line of a block text (`|` or `>`) is not well formed.',
  'yaml-directive': 'A directive (`%…`) is not well formed.',
  'yaml-document': 'Something follows a document without a `---` line between them.',
  'yaml-ignored':
    'Something stands behind `---` on the same line, or below a line `...`, which Drone does not read.',
  'yaml-syntax': 'The file is not YAML.',

  'type-document': 'A document is not a map.',
  'type-string': 'A text is expected.',
  'type-int': 'A whole number is expected.',
  'type-int-fraction': 'A fraction is dropped where a whole number is expected.',
  'type-int-range': 'A whole number is too large or too small.',
  'type-bool': 'A truth value is expected: true or false.',
  'type-memory': 'An amount of memory is expected.',
  'type-list': 'A list is expected.',
  'type-map': 'A map is expected.',
  'type-condition': 'A condition has a shape that Drone ignores.',
  'type-secret': 'A text or `from_secret` is expected.',
  'type-empty-item': 'A list has an entry without content.',
  'type-choice': 'A value is none of those that have a meaning.',
  'type-value': 'A value is none of those that Kubernetes takes.',
  'type-unknown-key': 'A key is not known and has no effect.',

  'kind-missing': 'A document does not say what kind it is.',
  'kind-type': 'A pipeline is of a type that Drone does not know.',
  'kind-unknown': 'A document is of a kind that Drone does not know.',

  'step-name-missing': 'A step or a service has no name.',
  'step-name-too-long': 'The name of a step has more than 100 characters.',
  'step-name-control': 'The name of a step has a control character.',
  'step-name-duplicate': 'Two steps have the same name; services and the clone step count.',
  'step-image-missing': 'A step has no image.',
  'step-privileged': 'A step of a repository that is not trusted asks for privileged mode.',
  'step-entrypoint-wins': 'A step has commands and an entrypoint; the commands are not run.',
  'step-image-latest':
    'An image has no version: its tag is `latest`, so another day another image may run.',
  'step-working-dir': 'The `working_dir` of a step is relative; a container needs the whole path.',
  'service-port': 'Two containers of one Pod most likely listen on the same port.',
  'secret-unknown': 'A secret is used whose name is almost that of a secret in the file.',
  'secret-unused': 'A secret stands in the file and no pipeline of the file uses it.',
  'environment-name': 'A variable has a name that Kubernetes does not take.',
  'environment-too-long': 'The value of a variable is longer than Linux allows.',
  'step-status-unknown': 'A condition on the status names a status that never occurs.',
  'dependency-unknown': 'A step depends on a step that does not exist.',
  'dependency-self': 'A step depends on itself.',
  'dependency-cycle': 'Steps depend on each other in a circle.',
  'mount-name': 'A step mounts a volume that belongs to the runner.',
  'mount-path': 'A step mounts a volume where the runner keeps its own files.',
  'mount-duplicate': 'A step mounts two volumes at the same path.',
  'mount-workspace': 'A step mounts a volume where the workspace is.',
  'mount-unknown': 'A step mounts a volume that the pipeline does not declare; it is left out.',
  'resources-limits-cpu': 'A limit of CPU is set for the whole pipeline.',
  'resources-limits-memory': 'A limit of memory is set for the whole pipeline.',
  'platform-os': 'A pipeline is for another operating system than Linux.',
  'metadata-reserved': 'A label or an annotation of the pipeline belongs to the runner.',
  'volume-unused': 'A volume is declared and no step mounts it.',
  'volume-name-missing': 'A volume has no name.',
  'volume-name-reserved': 'A volume has a name that belongs to the runner.',
  'volume-kind-missing': 'A volume does not say what it is.',
  'volume-memory': 'A repository that is not trusted declares a volume in memory.',
  'volume-host': 'A repository that is not trusted declares a volume of the host.',
  'volume-claim': 'A repository that is not trusted declares a persistent volume claim.',
  'volume-config-map': 'A repository that is not trusted declares a ConfigMap volume.',
  'volume-secret': 'A repository that is not trusted declares a Secret volume.',

  'kubernetes-name': 'The name of an object is none that Kubernetes takes.',
  'kubernetes-selector': 'A label under `kubernetes.node_selector` is none that Kubernetes takes.',
  'kubernetes-affinity': 'A part of an affinity is missing, or is none that Kubernetes takes.',
  'kubernetes-resource': 'A resource is not known there, or the amount of it is none.',
  'kubernetes-workspace': 'Keys of the workspace volume do not go together.',
  'kubernetes-security': 'A security context says something twice, or half of it.',

  'format-left': 'A document cannot be formatted and is left as it is.',

  'substitution-syntax': 'A `${…}` is not one of the forms that Drone replaces.',
} as const satisfies Readonly<Record<string, string>>;

export type Code = keyof typeof CODES;

/** Codes that never keep a pipeline from running. */
const WARNINGS = [
  'yaml-duplicate-key',
  'yaml-merge-order',
  'yaml-ignored',
  'type-int-fraction',
  'type-condition',
  'type-choice',
  'type-unknown-key',
  'kind-missing',
  'kind-type',
  'kind-unknown',
  'step-entrypoint-wins',
  'step-image-latest',
  'step-status-unknown',
  'step-working-dir',
  'service-port',
  'secret-unknown',
  'secret-unused',
  'mount-unknown',
  'volume-kind-missing',
  'volume-unused',
  'format-left',
] as const satisfies readonly Code[];

export type ErrorCode = Exclude<Code, (typeof WARNINGS)[number]>;

/** What a diagnostic with this code is at worst. */
export const severityOf = (code: Code): Severity =>
  WARNINGS.some((warningCode) => warningCode === code) ? 'warning' : 'error';

export const error = (
  code: ErrorCode,
  position: Position,
  message: string,
  fix: string,
): Diagnostic => ({ code, severity: 'error', message, fix, position });

/** A code of an error is a warning where it does no harm. */
export const warning = (
  code: Code,
  position: Position,
  message: string,
  fix: string,
): Diagnostic => ({ code, severity: 'warning', message, fix, position });
