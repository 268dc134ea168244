/** Why nobody could find out what an image runs. */

/**
 * - registry-unreachable: no connection, or no answer in time;
 * - registry-denied: it wants other credentials;
 * - registry-missing: it does not know the image, or may not say so;
 * - registry-platform: the image is not there for the platform of the stage;
 * - registry-answer: it said something that a registry does not say;
 * - registry-redirect: it sends us where credentials or questions must not go.
 */
export type RegistryErrorCode =
  | 'registry-unreachable'
  | 'registry-denied'
  | 'registry-missing'
  | 'registry-platform'
  | 'registry-answer'
  | 'registry-redirect';

/** The message names the registry and the image, and repeats nothing that the registry said. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: RegistryErrorCode;

  constructor(code: RegistryErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
