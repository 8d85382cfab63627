import { mkdir, readdir } from 'node:fs/promises'
import { isSystemError, mkdtempDisposable, removeTree, type TemporaryDirectory } from '#platform'
import { discard, type Runtime, releaseNestedMounts } from '#runtime'
import { isAbandoned, ownedName } from '#snapshot'

/** A directory for one build, below that of all of them. */
export function openBuildDirectory(run: string): Promise<TemporaryDirectory> {
  return mkdtempDisposable(run, `${ownedName('build')}.`)
}

/** A directory for one build that is made when it is first asked for. */
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
    // One that could not be made has failed its caller already.
    const made = await this.#directory?.catch(() => undefined)
    await made?.[Symbol.asyncDispose]()
  }
}

/**
 * Ends what is left of builds whose process was killed: containers of RUN, which
 * would run on, and their directories. Says how many builds there were.
 */
export async function endAbandonedBuilds(
  run: string,
  runtime: () => Promise<Runtime>,
): Promise<number> {
  const builds = (await entries(run)).filter(isAbandoned)
  for (const build of builds) {
    for (const step of (await entries(`${run}/${build}`)).filter(isStep)) {
      await discard(await runtime(), step)
      await releaseNestedMounts(nestedMounts(`${run}/${build}/${step}`))
    }
    await removeTree(`${run}/${build}`)
  }
  return builds.length
}

/** Where mounts inside other mounts are put together, below the directory of a step. */
export function nestedMounts(directory: string): string {
  return `${directory}/mounts`
}

/** Name of a container that runs one step, and of its directory. */
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
