import { kernelTimedType } from '#platform'
import { KnownFiles } from '#platform/remembered/known-files'
import { KnownProcesses } from '#platform/remembered/known-processes'
import { OpenFiles } from '#platform/remembered/open-files'
import { isFrozen } from '#runtime/cgroup'
import type { StateSource } from '../model/context.ts'
import { readJson } from '../model/state.ts'

/**
 * A source for a program that asks about the same containers again and again. It asks the kernel each
 * time, by cheaper questions: whether a file is still the one that was read, and a process the one
 * that was identified. Its answers are those of `directSource`.
 */
export function rememberingSource(root: string): StateSource & Disposable {
  const files = new KnownFiles(readJson)
  const processes = new KnownProcesses()
  const groups = new OpenFiles()
  const isProven = kernelTimedType(root) !== undefined
  return {
    readJson: isProven ? (path) => files.get(path) : readJson,
    isAlive: (identity) => processes.isAlive(identity),
    isFrozen: (group) => isFrozen(group, (path) => groups.read(path)),
    [Symbol.dispose]() {
      processes[Symbol.dispose]()
      groups[Symbol.dispose]()
    },
  }
}
