import { join } from 'node:path'
import { StrakeError } from '#oci'
import { type BakeTarget, isMap } from './bake-file.ts'

/** The options of `build` for each list of a target. */
const lists = [
  ['tags', '--tag'],
  ['platforms', '--platform'],
  ['output', '--output'],
  ['cache-from', '--cache-from'],
  ['cache-to', '--cache-to'],
  ['secret', '--secret'],
  ['ssh', '--ssh'],
  ['annotations', '--annotation'],
  ['attest', '--attest'],
  ['entitlements', '--allow'],
  ['no-cache-filter', '--no-cache-filter'],
  ['ulimits', '--ulimit'],
] as const

const maps = [
  ['args', '--build-arg', '='],
  ['labels', '--label', '='],
  ['contexts', '--build-context', '='],
  ['extra-hosts', '--add-host', ':'],
] as const

const texts = [
  ['target', '--target'],
  ['network', '--network'],
  ['shm-size', '--shm-size'],
  ['call', '--call'],
] as const

const switches = [
  ['no-cache', '--no-cache'],
  ['pull', '--pull'],
] as const

/**
 * Returns the words of `build` that build a target. `inline` is the path of its inline Dockerfile.
 * Throws `UNSUPPORTED` for a context that is another target.
 */
export function buildWords(target: BakeTarget, inline: string | undefined): readonly string[] {
  const context = textOf(target, 'context') ?? '.'
  const words: string[] = []
  for (const [key, flag] of lists) {
    const list = target[key]
    if (Array.isArray(list)) for (const value of list) words.push(`${flag}=${value}`)
  }
  for (const [key, flag, between] of maps) {
    const map = target[key]
    for (const [name, value] of Object.entries(isMap(map) ? map : {})) {
      if (key === 'contexts' && value?.startsWith('target:')) throw linked(name, value)
      words.push(`${flag}=${name}${value === null ? '' : between + value}`)
    }
  }
  for (const [key, flag] of texts) {
    const value = textOf(target, key)
    if (value !== undefined && value !== '') words.push(`${flag}=${value}`)
  }
  for (const [key, flag] of switches) if (target[key] === true) words.push(flag)
  const file = inline ?? dockerfileOf(target, context)
  return [...words, ...(file === undefined ? [] : [`--file=${file}`]), '--', context]
}

function linked(name: string, value: string): StrakeError {
  const message = `Cannot use the context ${name}: it is another target, ${value.slice(7)}`
  return new StrakeError('UNSUPPORTED', message, {
    remedy: 'make one Dockerfile of both, with a stage for each',
  })
}

/** The Dockerfile of a directory is named from there. */
function dockerfileOf(target: BakeTarget, context: string): string | undefined {
  const file = textOf(target, 'dockerfile')
  if (file === undefined || file === '') return undefined
  const isElsewhere = /^[a-z]+:\/\/|^git@|^-$/.test(context) || file.startsWith('/')
  return isElsewhere ? file : join(context, file)
}

export function textOf(target: BakeTarget, key: string): string | undefined {
  const value = target[key]
  return typeof value === 'string' ? value : undefined
}
