/** The version of the package, which the build puts into the bundle as well. */
import packageJson from '../package.json' with { type: 'json' };

export const VERSION: string = packageJson.version;
