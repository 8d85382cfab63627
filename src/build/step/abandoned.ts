import { mkdir, readdir } from 'node:fs/promises'
import {
  isSystemError,
  mkdtempDisposable,
  removeNetworkNamespace,
  removeTree,
  type TemporaryDirectory,
} from '#platform'
import { discard, type Runtime, releaseMounts } from '#runtime'
import { isAbandoned, ownedName } from '#snapshot'

/** The directory of one build, below the directory of all builds. */
export function openBuildDirectory(run: string): Promise<TemporaryDirectory> {
  return mkdtempDisposable(run, `${ownedName('build')}.`)
}

/** A directory for one build that is made at the first use. */
export class Scratch implements AsyncDisposable {
  readonly #parent: string
  #directory: Promise<TemporaryDirectory> | undefined

  constructor(parent: string) {
    this.#parent = parent
  }

  async path(): Promise<string> {
    this.#directory ??= this.#make()
    return (await this.#directory).path
  }

  async #make(): Promise<TemporaryDirectory> {
    await mkdir(this.#parent, { recursive: true, mode: 0o700 })
    return await openBuildDirectory(this.#parent)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // If the directory could not be made, the caller already has the error.
    const made = await this.#directory?.catch(() => undefined)
    await made?.[Symbol.asyncDispose]()
  }
}

/**
 * Cleans up after builds whose process was killed: kills containers of RUN, which would
 * otherwise keep running, and removes their directories. Returns the number of such builds.
 */
export async function endAbandonedBuilds(
  run: string,
  runtime: () => Promise<Runtime>,
): Promise<number> {
  const builds = (await entries(run)).filter(isAbandoned)
  for (const build of builds) {
    for (const step of (await entries(`${run}/${build}`)).filter(isStep)) {
      await discard(await runtime(), step)
      removeNetworkNamespace(`${run}/${build}/${step}/${namespaceFile}`)
      await releaseMounts(nestedMounts(`${run}/${build}/${step}`))
    }
    await removeTree(`${run}/${build}`)
  }
  return builds.length
}

/** The file of the network namespace of a proxy, in the directory of a step. */
const namespaceFile = 'netns'

/** The directory for assembling mounts inside other mounts, below the directory of a step. */
export function nestedMounts(directory: string): string {
  return `${directory}/mounts`
}

/** The name of a container that runs one step, and of its directory. */
export function stepName(): string {
  return `build-${crypto.randomUUID()}`
}

function isStep(name: string): boolean {
  return name.startsWith('build-')
}

async function entries(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}
