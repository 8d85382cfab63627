import { printDefinition } from '#build'
import type { Platform } from '#oci'
import { StrakeError } from '#oci'
import type { BuildRequest } from '../build/build.ts'

export type PrintRequest = Pick<BuildRequest, 'context' | 'dockerfile' | 'buildArgs'> & {
  readonly platforms?: readonly Platform[] | undefined
}

/**
 * Returns the Dockerfile of a local directory without extensions, as a build reads it. Throws
 * `DockerfileError` for a mistake in an extension.
 */
export async function printDockerfile(request: PrintRequest): Promise<string> {
  const { context, dockerfile, buildArgs = new Map(), platforms } = request
  if (typeof context !== 'string' || isUrl(context) || isUrl(dockerfile)) {
    throw new StrakeError(
      'INVALID',
      'Cannot print the Dockerfile: the context is not a directory',
      {
        remedy: 'name a directory as the context',
      },
    )
  }
  return await printDefinition({
    context,
    dockerfile,
    buildArgs: Object.fromEntries(buildArgs),
    platforms,
  })
}

function isUrl(place: unknown): boolean {
  return typeof place === 'string' && /^(?:[a-z]+:\/\/|git@)/i.test(place)
}
