import type { ContainerOptions } from '#container'
import { refuse } from './refuse.ts'

const names = new Set(
  (
    'as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending ' +
    'stack'
  ).split(' '),
)

/** The value that means no limit. */
const unlimited = -1

/** Reads `--ulimit`: `NAME=SOFT[:HARD]`, where -1 is no limit. Throws `INVALID`. */
export function parseUlimit(text: string): NonNullable<ContainerOptions['rlimits']>[number] {
  const [, name, softText, hardText = softText] =
    /^([^=]*)=(-1|\d{1,15})(?::(-1|\d{1,15}))?$/.exec(text) ?? []
  if (name === undefined) throw refuse('--ulimit', text, 'expected NAME=SOFT[:HARD]')
  if (!names.has(name)) {
    throw refuse('--ulimit', text, `there is no limit ${name}; known are ${[...names].join(', ')}`)
  }
  const [soft, hard] = [Number(softText), Number(hardText)]
  if (hard !== unlimited && (soft === unlimited || soft > hard)) {
    throw refuse('--ulimit', text, 'the soft limit is above the hard one')
  }
  return { type: `RLIMIT_${name.toUpperCase()}`, soft, hard }
}

/** Reads `--restart`: `no`, `on-failure[:COUNT]`, `always` or `unless-stopped`. Throws `INVALID`. */
export function parseRestart(text: string): NonNullable<ContainerOptions['restart']> {
  const [, word, count] = /^([a-z-]+)(?::(.*))?$/s.exec(text) ?? []
  const name = (['no', 'on-failure', 'always', 'unless-stopped'] as const).find(
    (known) => known === word,
  )
  if (name === undefined) {
    throw refuse('--restart', text, 'expected no, on-failure[:COUNT], always or unless-stopped')
  }
  if (count === undefined) return { name, maximumRetryCount: 0 }
  if (name !== 'on-failure') throw refuse('--restart', text, 'only on-failure takes a count')
  if (!/^\d{1,9}$/.test(count)) throw refuse('--restart', text, `${count} is not a count`)
  return { name, maximumRetryCount: Number(count) }
}

/** Reads `--cgroup-parent`. Throws `INVALID` for a path that leads out of the hierarchy. */
export function parseCgroupParent(text: string): string {
  const names = text.split('/').filter((name) => name !== '')
  const isPath =
    names.length > 0 && names.every((name) => /^(?!\.\.?$)[\w.:@\\-]{1,255}$/.test(name))
  if (!isPath) throw refuse('--cgroup-parent', text, 'expected the path of a control group')
  return `/${names.join('/')}`
}
