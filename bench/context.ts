import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Environment, measure } from './measure.ts'

/** A copy of the project that may be changed; every tool builds this one. */
export interface BuildContext {
  /** Copies the project the first time, which takes a while; returns where. */
  prepare(): Promise<string>
  /** Counts the changes, so that one can tell whether an image is up to date. */
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
