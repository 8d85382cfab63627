import { Problem, type Range, suggest } from '#dockerfile'

/** The last version of the Dockerfile language whose features are built in. */
export const newestFrontend = '1.28'

const builtin = 'docker/dockerfile'

/**
 * Checks the frontend that a syntax directive names. Only Docker's frontend for
 * Dockerfiles is built in, under its own name or that of a mirror, and no frontend is
 * ever downloaded. Returns a warning for a version that is newer than the built-in one.
 * Throws `Problem` for another frontend, and for another major version.
 */
export function checkFrontend(syntax: string): string | undefined {
  const [reference = ''] = syntax.trim().split(/\s/, 1)
  if (reference === '' || reference === 'dockerfile.v0') return undefined
  const [, name = reference, tag] =
    /^([^@]*?)(?::([\w][\w.-]{0,127}))?(?:@sha256:[0-9a-f]{64})?$/.exec(reference) ?? []
  if (!/^(?:[^/]+\/)*docker\/dockerfile(?:-upstream)?$/.test(name)) {
    const close = suggest(name, [builtin])
    const question = close === undefined ? '' : ` (did you mean ${close}?)`
    throw new Problem(
      'frontend',
      `the frontend ${JSON.stringify(reference)} is not built in, only ${builtin} is${question}`,
    )
  }
  const [, major, minor] =
    /^(\d+)(?:\.(\d+)(?:\.\d+)?)?(?:-(?:labs|experimental|rc\d+)){0,2}$/.exec(tag ?? '1') ?? []
  if (major === undefined) {
    if (/^(?:latest|labs|experimental|master|master-labs|nightly)$/.test(tag ?? ''))
      return undefined
    throw new Problem('frontend', `the version ${JSON.stringify(tag)} of ${builtin} is not known`)
  }
  if (major !== '1') {
    throw new Problem(
      'frontend',
      `version ${tag} of ${builtin} is another language than version 1, which is built in`,
    )
  }
  const isNewer = Number(minor ?? 0) > Number(newestFrontend.split('.')[1])
  return isNewer
    ? `version ${tag} of ${builtin} is newer than ${newestFrontend}, which is built in`
    : undefined
}

/** Returns the line of the syntax directive of a Dockerfile. */
export function frontendRange(text: string): Range | undefined {
  const lines = text.split('\n')
  const index = lines.findIndex((line) => /^\s*(?:#|\/\/)\s*syntax\s*=/i.test(line))
  if (index === -1) return undefined
  const line = index + 1
  return { start: { line, column: 0 }, end: { line, column: lines[index]?.length ?? 0 } }
}
