import { existsSync } from 'node:fs'
import { type Fields, member, object, objects, texts } from './fields.ts'

const types = ['bind', 'volume', 'tmpfs', 'image']

/** Says what is wrong with the name of a volume, in Docker's words. */
export function volumeNameProblem(name: string): string | undefined {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) return undefined
  return `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`
}

/** Says what is wrong with the mounts of a container, in Docker's words. */
export function mountProblem(host: Fields): string | undefined {
  const places = new Set<string>()
  for (const bind of texts(host, 'Binds') ?? []) {
    const [source = '', destination] = bind.split(':')
    if (destination !== undefined && source !== '' && !source.startsWith('/')) {
      const problem = volumeNameProblem(source)
      if (problem !== undefined) return problem
    }
    const place = destination ?? source
    if (places.has(place)) return `Duplicate mount point: ${place}`
    places.add(place)
  }
  for (const mount of objects(host, 'Mounts') ?? []) {
    const type = member(mount, 'Type', 'string') ?? ''
    const problem = mountConfigProblem(mount, type)
    if (problem !== undefined) return `invalid mount config for type "${type}": ${problem}`
    const foreign = foreignOptions(mount, type)
    if (foreign !== undefined) return `${foreign} must not be specified on mount type "${type}"`
    const place = member(mount, 'Target', 'string') ?? ''
    if (places.has(place)) return `Duplicate mount point: ${place}`
    places.add(place)
  }
  for (const place of Object.keys(object(host, 'Tmpfs') ?? {})) {
    if (!place.startsWith('/')) return `invalid mount path: '${place}' mount path must be absolute`
    if (places.has(place)) return `Duplicate mount point: ${place}`
  }
  return undefined
}

function mountConfigProblem(mount: Fields, type: string): string | undefined {
  if (!types.includes(type)) return 'mount type unknown'
  const target = member(mount, 'Target', 'string') ?? ''
  const source = member(mount, 'Source', 'string') ?? ''
  if (target === '') return 'field Target must not be empty'
  if (!target.startsWith('/')) return `invalid mount path: '${target}' mount path must be absolute`
  if (/^\/+\.?$/.test(target)) return "invalid specification: destination can't be '/'"
  if (type === 'tmpfs' && source !== '') return 'field Source must not be specified'
  if (type !== 'bind') return undefined
  if (source === '') return 'field Source must not be empty'
  if (!source.startsWith('/')) return `invalid mount path: '${source}' mount path must be absolute`
  const makesSource = member(object(mount, 'BindOptions') ?? {}, 'CreateMountpoint', 'boolean')
  if (makesSource || existsSync(source)) return undefined
  return `bind source path does not exist: ${source}`
}

/** The members that hold the options of each type. */
const optionsOf = [
  ['bind', 'BindOptions'],
  ['volume', 'VolumeOptions'],
  ['tmpfs', 'TmpfsOptions'],
  ['image', 'ImageOptions'],
] as const

function foreignOptions(mount: Fields, type: string): string | undefined {
  return optionsOf.find(([owner, name]) => owner !== type && object(mount, name) !== undefined)?.[1]
}
