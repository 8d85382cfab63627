import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Environment, measure } from './measure.ts'

/** A copy of the project for changes. Every tool builds this copy. */
export interface BuildContext {
  /** Copies the project at the first call, and returns the path. */
  prepare(): Promise<string>
  /** The number of changes. A caller compares it to know whether an image is up to date. */
  readonly revision: number
  /** Changes one file of a few bytes. */
  change(): Promise<void>
}

export function createContext(project: string, directory: string, env: Environment): BuildContext {
  let revision = 0
  let copied: Promise<unknown> | undefined
  const prepare = async (): Promise<string> => {
    copied ??= measure(['cp', '--archive', project, directory], env)
    await copied
    return directory
  }
  return {
    prepare,
    get revision() {
      return revision
    },
    async change() {
      await prepare()
      revision++
      await appendFile(join(directory, 'src/main.js'), `// ${revision}\n`)
    },
  }
}
