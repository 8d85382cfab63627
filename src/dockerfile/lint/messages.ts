import { cleanPath, type IgnoreMatcher } from '../ignore/ignore.ts'
import { parsePortSpec } from '../instructions/ports.ts'
import { suggest } from '../suggest.ts'
import type { RuleName } from './rules.ts'

// Messages of the rules that need more than the file: variables of the base image, an ignore file.

/** The message of UndefinedVar. `known` has the names that are set. */
export function undefinedVariable(name: string, known: readonly string[]): string {
  const close = suggest(name, known)
  const question = close === undefined ? '' : ` (did you mean $${close}?)`
  return `Usage of undefined variable '$${name}'${question}`
}

/** Returns what is wrong with a word of EXPOSE whose variables are substituted. */
export function portMessages(port: string): (readonly [RuleName, string])[] {
  const found: (readonly [RuleName, string])[] = []
  if (parsePortSpec(port)?.mapped === true) {
    const message = `EXPOSE instruction should not define an IP address or host-port mapping, found '${port}'`
    found.push(['ExposeInvalidFormat', message])
  }
  const protocol = port.split('/')[1] ?? ''
  if (protocol !== protocol.toLowerCase()) {
    const message = `Defined protocol '${port}' in EXPOSE instruction should be lowercase`
    found.push(['ExposeProtoCasing', message])
  }
  return found
}

/** The message of WorkdirRelativePath. */
export function relativeWorkdir(path: string): string {
  return `Relative workdir ${JSON.stringify(path)} can have unexpected results if the base image changes`
}

/** True for an argument whose value is known only after substitution. */
export function hasSubstitution(text: string): boolean {
  return /["'$\\`]/.test(text)
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
