import { join } from 'node:path'
import { type BakeTarget, listOfTexts, textsOf } from './bake-target.ts'

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

/** What a target is built with besides its own values. */
export interface BuildPlaces {
  /** The path of the inline Dockerfile. */
  readonly inline?: string | undefined
  /** Image layouts of other targets, by their names. */
  readonly layouts?: ReadonlyMap<string, string>
}

/** Returns the words of `build` that build a target. */
export function buildWords(
  target: BakeTarget,
  { inline, layouts }: BuildPlaces = {},
): readonly string[] {
  const context = textOf(target, 'context') ?? '.'
  const words = lists.flatMap(([key, flag]) =>
    listOfTexts(target, key).map((value) => `${flag}=${value}`),
  )
  for (const [key, flag, between] of maps) {
    for (const [name, value] of Object.entries(textsOf(target, key))) {
      const given = key === 'contexts' && value !== null ? contextOf(value, layouts) : value
      words.push(`${flag}=${name}${given === null ? '' : between + given}`)
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

function contextOf(value: string, layouts: BuildPlaces['layouts']): string {
  const layout = value.startsWith('target:')
    ? layouts?.get(value.slice('target:'.length))
    : undefined
  return layout === undefined ? pathOf(value) : `oci-layout://${layout}`
}

/** `cwd://` is the directory of the command, whatever the file says. */
const pathOf = (value: string): string =>
  value.startsWith('cwd://') ? value.slice('cwd://'.length) || '.' : value

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
