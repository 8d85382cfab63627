import { readdirSync, readFileSync } from 'node:fs'

/** A process of this machine, as the kernel lists it. */
export interface ListedProcess {
  readonly pid: number
  readonly parent: number
  /** `R`, `S` and so on; `Z` if its parent has not reaped it. */
  readonly state: string
  readonly name: string
}

/** All processes, without those that end meanwhile. */
export function processes(): readonly ListedProcess[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return []
    const text = textOf(`/proc/${pid}/stat`)
    const [, name = '', state = '', parent] = /\((.*)\) (\S) (\d+)/s.exec(text) ?? []
    return parent === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), state, name }]
  })
}

/** The pids of all processes below a process. */
export function descendants(pid: number): readonly number[] {
  const all = processes()
  const of = (parent: number): readonly number[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one.pid, ...of(one.pid)])
  return of(pid)
}

/** True for a process that has not ended. */
export function isRunning(pid: number): boolean {
  return processes().some((one) => one.pid === pid && !['Z', 'X'].includes(one.state))
}

/** The text of a file of the kernel; empty if its process has ended. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** The bytes of memory of a process that belong to no file; 0 when it has ended. */
export function ownMemory(pid: number): number {
  const kibibytes = /^RssAnon:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/status`))?.[1]
  return Number(kibibytes ?? 0) * 1024
}
