import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isSystemError } from '#platform'
import { type AttachmentRecord, readAttachments } from '../bridge/state.ts'
import { networkId } from '../user-network.ts'

/** The names that a container knows: those of the containers on its networks. */
export interface ContainerNames {
  /** Returns the addresses of a name; `undefined` if no container has it. */
  addressesOf(name: string): readonly string[] | undefined
  /** Returns the name of the container with this address. */
  nameOf(address: string): string | undefined
  /** Whether one of its networks has a route outside. */
  readonly reachesOutside: boolean
}

/**
 * Reads names from the records of attachments below `directory`, one folder for each network.
 * Every process that attaches or detaches a container writes them, so names are always current.
 */
export class NameDirectory {
  readonly #directory: string
  readonly #containerId: string
  #known: ContainerNames | undefined
  /** The folders that `#known` comes from, and when they changed last. */
  #read: readonly string[] = []
  #changed: number | undefined

  constructor(directory: string, containerId: string) {
    this.#directory = directory
    this.#containerId = containerId
  }

  /** Reads again only what has changed: a container may ask for thousands of names a second. */
  read(): ContainerNames {
    const changes = this.#changes()
    if (this.#known !== undefined && changes !== undefined && this.#changed === changes) {
      return this.#known
    }
    this.#changed = changes
    this.#known = this.#readAll()
    return this.#known
  }

  /** The times of the last changes of all folders; `undefined` when one of them may change unnoticed. */
  #changes(): number | undefined {
    if (this.#read.length === 0) return undefined
    let sum = 0
    const settled = Date.now() - clockTick
    for (const path of this.#read) {
      const time = changeOf(path) ?? 0
      if (time > settled) return undefined
      sum += time
    }
    return sum
  }

  #readAll(): ContainerNames {
    const usual = this.#readFolder('attachments').has(this.#containerId)
    const ids = this.#networks()
    const folders = ['', ...ids].map((id) => join(this.#directory, id, 'attachments'))
    this.#read = [this.#directory, ...folders]
    const networks = ids
      .map((id) => this.#readFolder(join(id, 'attachments')))
      .filter((records) => records.has(this.#containerId))
    const own = networks.flatMap((records) => records.get(this.#containerId) ?? [])
    return {
      reachesOutside: usual || own.some(({ isInternal }) => !isInternal),
      addressesOf: (name) =>
        findLinked(networks, { id: this.#containerId, name }) ?? findAddresses(networks, name),
      nameOf: (address) => findName(networks, address),
    }
  }

  #networks(): readonly string[] {
    try {
      return readdirSync(this.#directory).filter((name) => networkId.test(name))
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return []
      throw error
    }
  }

  #readFolder(name: string): Attachments {
    const path = join(this.#directory, name)
    if (changeOf(path) === undefined) return new Map()
    return new Map(readAttachments(path).map((one) => [one.containerId, one]))
  }
}

type Attachments = ReadonlyMap<string, AttachmentRecord>

/** Milliseconds; the slowest clock of the kernel has ticks of 10. */
const clockTick = 20

function changeOf(path: string): number | undefined {
  try {
    return statSync(path).mtimeMs
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}

/** A link is a name of another container that only the container itself knows. */
function findLinked(
  networks: readonly Attachments[],
  { id, name }: { readonly id: string; readonly name: string },
): readonly string[] | undefined {
  const found = networks.flatMap((records) => {
    const links = records.get(id)?.links.filter(({ alias }) => alias.toLowerCase() === name) ?? []
    const others = links.flatMap(({ container }) => records.get(container) ?? [])
    return others.flatMap(addressesOf)
  })
  return found.length === 0 ? undefined : found
}

function addressesOf({ ip, ip6 }: AttachmentRecord): readonly string[] {
  return [ip ?? [], ip6 ?? []].flat()
}

function findAddresses(
  networks: readonly Attachments[],
  name: string,
): readonly string[] | undefined {
  const found = networks.flatMap((records) =>
    [...records.values()].filter((record) => isCalled(record, name)).flatMap(addressesOf),
  )
  return found.length === 0 ? undefined : found
}

/** A name may have that of its network behind it: `web.back`. */
function isCalled({ name, aliases, network }: AttachmentRecord, text: string): boolean {
  const suffix = `.${network.toLowerCase()}`
  const short = text.endsWith(suffix) ? text.slice(0, -suffix.length) : text
  return [name, ...aliases].some((one) => {
    const own = one.toLowerCase()
    return own === text || own === short
  })
}

function findName(networks: readonly Attachments[], address: string): string | undefined {
  for (const records of networks) {
    for (const { ip, ip6, name, network } of records.values()) {
      if (address === ip || address === ip6) return `${name}.${network}`
    }
  }
  return undefined
}
