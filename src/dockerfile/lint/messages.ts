import { cleanPath, type IgnoreMatcher } from '../ignore/ignore.ts'
import { suggest } from '../suggest.ts'

// Messages of the rules that need more than the file: variables of the base image, an ignore file.

/** The message of UndefinedVar. `known` has the names that are set. */
export function undefinedVariable(name: string, known: readonly string[]): string {
  const close = suggest(name, known)
  const question = close === undefined ? '' : ` (did you mean $${close}?)`
  return `Usage of undefined variable '$${name}'${question}`
}

/** The message of InvalidDefaultArgInFrom. `image` is written as in FROM. */
export function invalidDefault(image: string): string {
  return `Default value for ARG ${image} results in empty or invalid base image name`
}

/**
 * Returns the message of CopyIgnoredFile for each path that the ignore file excludes. An ignore
 * file with exceptions may exclude a directory and include a file in it, so there is no message.
 */
export function ignoredSources(
  kind: 'COPY' | 'ADD',
  paths: readonly string[],
  ignore: IgnoreMatcher | undefined,
): string[] {
  if (ignore === undefined || ignore.hasExceptions) return []
  return paths.flatMap((written) => {
    const path = cleanPath(written)
    // The context itself is excluded only where everything in it is.
    const isLeftOut = path === '.' || path === '/' ? ignore.ignores('*') : ignore.ignores(path)
    const verb = kind === 'COPY' ? 'Copy' : 'Add'
    const message = `Attempting to ${verb} file ${JSON.stringify(path)} that is excluded by .dockerignore`
    return isLeftOut ? [message] : []
  })
}
