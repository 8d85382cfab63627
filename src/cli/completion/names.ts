import { existsSync } from 'node:fs'
import type { ContainerSummary } from '#engine/container/summary'
import { findRoots } from '#engine/host/roots'
import type { Context } from '../context.ts'

type State = ContainerSummary['state']

/** The states of containers that a command accepts; `any` for all states. */
const containerStates: Readonly<Record<string, readonly State[] | 'any'>> = {
  attach: ['running'],
  commit: 'any',
  cp: 'any',
  diff: 'any',
  exec: ['running'],
  export: 'any',
  'healthcheck run': ['running'],
  inspect: 'any',
  kill: ['running', 'paused', 'restarting'],
  logs: 'any',
  'network connect': 'any',
  'network disconnect': 'any',
  pause: ['running'],
  port: ['running'],
  'port add': 'any',
  'port rm': 'any',
  rename: 'any',
  restart: 'any',
  rm: 'any',
  start: ['created', 'exited', 'dead'],
  stats: ['running', 'paused'],
  stop: ['running', 'paused', 'restarting'],
  top: ['running', 'paused'],
  unpause: ['paused'],
  update: 'any',
  wait: ['running', 'paused', 'restarting'],
}

/** The only argument that is a container, where others are something else. */
const containerPlace: Readonly<Record<string, number>> = {
  'network connect': 1,
  'network disconnect': 1,
  port: 0,
  'port add': 0,
  'port rm': 0,
  rename: 0,
}

/** The largest number of images that a command accepts. */
const imageCount: Readonly<Record<string, number>> = {
  create: 1,
  history: 1,
  'image mount': Infinity,
  'image tree': 1,
  'image unmount': Infinity,
  images: 1,
  pull: 1,
  push: 1,
  run: 1,
  tag: 1,
  'tag log': 1,
  diff: 2,
  inspect: Infinity,
  rmi: Infinity,
  save: Infinity,
  'tag rollback': 1,
}

/** Commands whose arguments are volumes. */
const volumeCommands: readonly string[] = [
  'volume clone',
  'volume export',
  'volume import',
  'volume inspect',
  'volume rm',
]

/** Commands whose first argument is a network. */
const networkCommands: Readonly<Record<string, number>> = {
  'network inspect': Infinity,
  'network rm': Infinity,
  'network connect': 1,
  'network disconnect': 1,
}

/** Returns the names that are valid for the argument at this index. Creates no store. */
export async function namesFor(
  context: Context,
  command: string,
  place: { readonly index: number; readonly root: string | undefined },
): Promise<readonly string[]> {
  const wantsImage = place.index < (imageCount[command] ?? 0)
  const isContainer = place.index === (containerPlace[command] ?? place.index)
  const states = isContainer ? containerStates[command] : undefined
  if (volumeCommands.includes(command)) return await volumeNames(context, place.root)
  if (command === 'volume cp') return (await volumeNames(context, place.root)).map(withColon)
  if (place.index < (networkCommands[command] ?? 0)) return await networkNames(context, place.root)
  if (!wantsImage && states === undefined) return []
  if (!hasStore(place.root)) return []
  const engine = await context.engine()
  const found: string[] = []
  if (wantsImage) {
    const { listImages } = await import('#engine/image/images')
    const images = await listImages(engine, { all: false })
    found.push(...images.map(({ repository, tag }) => `${repository}:${tag}`))
  }
  if (states !== undefined) {
    const { listContainers } = await import('#engine/container/ps')
    const names = containerNames(await listContainers(engine, { all: true }), command)
    found.push(...(command === 'cp' ? names.map(withColon) : names))
  }
  return found.filter((name) => !name.includes('<none>'))
}

/** A path follows the name. */
function withColon(name: string): string {
  return `${name}:`
}

/** Returns the names of all volumes. Creates no store. */
export async function volumeNames(
  context: Context,
  root: string | undefined,
): Promise<readonly string[]> {
  if (!hasStore(root)) return []
  const { listVolumes } = await import('#engine/volume/volumes')
  return listVolumes(await context.engine()).map(({ name }) => name)
}

/** Returns the names of all networks. Creates no store. */
export async function networkNames(
  context: Context,
  root: string | undefined,
): Promise<readonly string[]> {
  const builtIn = ['bridge', 'host', 'none']
  if (!hasStore(root)) return builtIn
  try {
    const engine = await context.engine()
    return [...builtIn, ...engine.records.networks.list().map(({ name }) => name)]
  } catch {
    // These exist even where the store cannot be opened.
    return builtIn
  }
}

function hasStore(root: string | undefined): boolean {
  return existsSync(`${findRoots({ root }).root}/oci-layout`)
}

/** Returns the names of the containers in a state that `command` accepts. */
export function containerNames(
  containers: readonly Pick<ContainerSummary, 'name' | 'state'>[],
  command: string,
): readonly string[] {
  const states = containerStates[command] ?? []
  return containers
    .filter(({ state }) => states === 'any' || states.includes(state))
    .map(({ name }) => name)
}
