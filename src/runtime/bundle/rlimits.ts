import { readFileSync } from 'node:fs'
import { StrakeError } from '#oci'
import { hostHasCapability } from './capabilities.ts'
import type { Rlimit } from './spec.ts'

/** Lines of `/proc/self/limits`. */
const titles: Readonly<Record<string, string>> = {
  RLIMIT_AS: 'Max address space',
  RLIMIT_CORE: 'Max core file size',
  RLIMIT_CPU: 'Max cpu time',
  RLIMIT_DATA: 'Max data size',
  RLIMIT_FSIZE: 'Max file size',
  RLIMIT_LOCKS: 'Max file locks',
  RLIMIT_MEMLOCK: 'Max locked memory',
  RLIMIT_MSGQUEUE: 'Max msgqueue size',
  RLIMIT_NICE: 'Max nice priority',
  RLIMIT_NOFILE: 'Max open files',
  RLIMIT_NPROC: 'Max processes',
  RLIMIT_RSS: 'Max resident set',
  RLIMIT_RTPRIO: 'Max realtime priority',
  RLIMIT_RTTIME: 'Max realtime timeout',
  RLIMIT_SIGPENDING: 'Max pending signals',
  RLIMIT_STACK: 'Max stack size',
}

/** The hard limits of a process, and whether it may raise them. */
export interface OwnLimits {
  /** The text of `/proc/self/limits`. */
  readonly text: string
  readonly mayRaise: boolean
}

/** Throws `DENIED` for a limit that this process may not raise. The message of a runtime is less clear. */
export function checkRlimits(
  rlimits: readonly Rlimit[] = [],
  { text, mayRaise }: OwnLimits = ownLimits(rlimits),
): void {
  if (mayRaise) return
  for (const { type, hard } of rlimits) {
    const line = text.split('\n').find((each) => each.startsWith(titles[type] ?? '?'))
    const own = /(?:\d+|unlimited)\s+(\d+|unlimited)/.exec(line ?? '')?.[1] ?? 'unlimited'
    if (own === 'unlimited' || (hard !== -1 && hard <= Number(own))) continue
    const name = type.replace('RLIMIT_', '').toLowerCase()
    throw new StrakeError(
      'DENIED',
      `Cannot raise the limit ${name} above ${own}: this process lacks CAP_SYS_RESOURCE`,
    )
  }
}

function ownLimits(rlimits: readonly Rlimit[]): OwnLimits {
  if (rlimits.length === 0) return { text: '', mayRaise: true }
  return {
    text: readFileSync('/proc/self/limits', 'latin1'),
    mayRaise: hostHasCapability('SYS_RESOURCE'),
  }
}
