import { isStrakeError } from '#oci'
import { connectRegistry, type Repository } from '#registry'
import { fromBuffer, toBuffer } from '#stream'
import { blob, type Fixture, manifest, noise } from '../../registry/testing/fixtures.ts'

export interface SoakOptions {
  /** The addresses of the replicas. */
  readonly urls: readonly string[]
  readonly clients: number
  /** Operations of all clients together. */
  readonly operations: number
  readonly seed: number
  /** Milliseconds for which an operation that failed is tried again. Default: it is not. */
  readonly patience?: number | undefined
  /** Milliseconds after which a collection may remove what a push has sent: a slower one may fail. */
  readonly slow?: number | undefined
  /** Called from time to time with the number of operations that are done. */
  readonly onProgress?: ((done: number) => void) | undefined
}

export interface SoakReport {
  readonly counts: Readonly<Record<Operation, number>>
  /** A sentence for each thing that went wrong. */
  readonly failures: readonly string[]
  /** What the tags of all clients name at the end: repository, tag and image. */
  readonly expected: readonly ExpectedTag[]
}

export interface ExpectedTag {
  readonly repository: string
  readonly tag: string
  readonly image: Image
}

interface Image {
  readonly manifest: Fixture
  readonly config: Fixture
  readonly layers: readonly Fixture[]
}

type Operation = 'push' | 'pull' | 'retag' | 'untag' | 'delete' | 'mount'

/** How often each operation is chosen. */
const weights: Readonly<Record<Operation, number>> = {
  push: 35,
  pull: 35,
  retag: 8,
  untag: 8,
  delete: 7,
  mount: 7,
}

const repositories = 10
/** Layers that all clients share, so that pushes, mounts and collections meet. */
const layers = 120
const tagsOfClient = 6

/**
 * Lets clients push, pull, retag, delete and mount at random. Every client has tags of its own, so it
 * knows what a pull must give; repositories and layers are shared. Each operation goes to any replica.
 */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const { urls, clients, operations, seed, patience = 0, slow, onProgress } = options
  const registries = urls.map((url) =>
    connectRegistry(new URL(url).host, { retry: { attempts: 1 } }),
  )
  const counts = { push: 0, pull: 0, retag: 0, untag: 0, delete: 0, mount: 0 }
  const failures: string[] = []
  let left = operations
  const run = async (client: number): Promise<SoakClient> => {
    const random = randomOf(seed * 1000 + client)
    const open = (name: string): Repository => {
      const registry = registries[Math.floor(random() * registries.length)] ?? registries[0]
      if (registry === undefined) throw new TypeError('no replica')
      return registry.repository(name)
    }
    const own = new SoakClient(client, open, random)
    while (left > 0) {
      left -= 1
      if (left % 1000 === 0) onProgress?.(operations - left)
      const operation = own.choose()
      counts[operation] += 1
      const work = own.prepare(operation)
      const end = Date.now() + patience
      for (;;) {
        const began = Date.now()
        try {
          await work()
          break
        } catch (error) {
          const isSlow = slow !== undefined && Date.now() - began >= slow
          if (Date.now() < end || isSlow) await Bun.sleep(200)
          else {
            failures.push(`client ${client}, ${operation}: ${String(error)}`)
            break
          }
        }
      }
    }
    return own
  }
  const all = await Promise.all(Array.from({ length: clients }, (_, client) => run(client)))
  return { counts, failures, expected: all.flatMap((client) => client.expected()) }
}

/** Pulls everything that the tags name. Returns a sentence for each thing that is not as expected. */
export async function pullExpected(
  url: string,
  expected: readonly ExpectedTag[],
): Promise<readonly string[]> {
  const registry = connectRegistry(new URL(url).host, { retry: { attempts: 1 } })
  const failures: string[] = []
  for (const { repository, tag, image } of expected) {
    try {
      await pull(registry.repository(repository), tag, image)
    } catch (error) {
      failures.push(`${repository}:${tag}: ${String(error)}`)
    }
  }
  return failures
}

class SoakClient {
  readonly #client: number
  readonly #open: (name: string) => Repository
  readonly #random: () => number
  readonly #tags = new Map<string, ExpectedTag>()
  #count = 0

  constructor(client: number, open: (name: string) => Repository, random: () => number) {
    this.#client = client
    this.#open = open
    this.#random = random
  }

  expected(): readonly ExpectedTag[] {
    return [...this.#tags.values()]
  }

  choose(): Operation {
    if (this.#tags.size === 0) return 'push'
    let at = this.#random() * Object.values(weights).reduce((sum, weight) => sum + weight, 0)
    for (const [operation, weight] of Object.entries(weights)) {
      at -= weight
      if (at < 0) return operation as Operation
    }
    return 'push'
  }

  /** Chooses what an operation does. The result may run again after a failure, on another replica. */
  prepare(operation: Operation): () => Promise<void> {
    if (operation === 'push') return this.#push()
    const known = this.#any([...this.#tags.values()])
    if (operation === 'mount') return this.#push(known)
    const { repository, tag, image } = known
    const { descriptor } = image.manifest
    if (operation === 'pull') return () => pull(this.#open(repository), tag, image)
    if (operation === 'retag') {
      const other = this.#newTag()
      return async () => {
        await this.#open(repository).tag(other, descriptor)
        this.#set({ repository, tag: other, image })
      }
    }
    if (operation === 'untag') {
      return async () => {
        await unlessGone(this.#open(repository).untag(tag))
        this.#tags.delete(`${repository}:${tag}`)
      }
    }
    return async () => {
      await unlessGone(this.#open(repository).delete(descriptor))
      for (const [key, each] of this.#tags) {
        const isSame = each.image.manifest.descriptor.digest === descriptor.digest
        if (each.repository === repository && isSame) this.#tags.delete(key)
      }
    }
  }

  /** Pushes a new image, or the layers of `from` by mounts into another repository. */
  #push(from?: ExpectedTag): () => Promise<void> {
    const name = `soak/${Math.floor(this.#random() * repositories)}`
    const chosen = from?.image.layers ?? this.#chooseLayers()
    this.#count += 1
    const config = blob(`{"client":${this.#client},"count":${this.#count}}`, configType)
    const image: Image = {
      config,
      layers: chosen,
      manifest: manifest({
        config: config.descriptor,
        layers: chosen.map(({ descriptor }) => descriptor),
      }),
    }
    const tag = this.#newTag()
    return async () => {
      const repository = this.#open(name)
      for (const { descriptor, raw } of chosen) {
        await repository.write(descriptor, fromBuffer(raw), { mountFrom: from?.repository })
      }
      for (const { descriptor, raw } of [config, image.manifest]) {
        await repository.write(descriptor, fromBuffer(raw))
      }
      await repository.tag(tag, image.manifest.descriptor)
      this.#set({ repository: name, tag, image })
    }
  }

  #chooseLayers(): readonly Fixture[] {
    const count = 1 + Math.floor(this.#random() * 3)
    const chosen = new Set(Array.from({ length: count }, () => Math.floor(this.#random() * layers)))
    return [...chosen].map((seed) => blob(noise(500 + seed * 53, seed), layerType))
  }

  #set(expected: ExpectedTag): void {
    this.#tags.set(`${expected.repository}:${expected.tag}`, expected)
  }

  #newTag(): string {
    return `c${this.#client}-${Math.floor(this.#random() * tagsOfClient)}`
  }

  #any<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.#random() * items.length)]
    if (item === undefined) throw new TypeError('nothing to choose from')
    return item
  }
}

const configType = 'application/vnd.oci.image.config.v1+json'
const layerType = 'application/vnd.oci.image.layer.v1.tar'

async function pull(
  repository: Repository,
  tag: string,
  { manifest: wanted, config, layers: own }: Image,
): Promise<void> {
  const { digest } = await repository.resolve(tag)
  if (digest !== wanted.descriptor.digest) throw new Error(`the tag names ${digest}`)
  for (const { descriptor, raw } of [wanted, config, ...own]) {
    const found = await toBuffer(repository.read(descriptor), raw.length)
    if (!Buffer.from(found).equals(raw)) throw new Error(`${descriptor.digest} has other bytes`)
  }
}

/** A removal whose first answer was lost finds nothing the second time. */
async function unlessGone(removal: Promise<void>): Promise<void> {
  await removal.catch((error: unknown) => {
    if (!isStrakeError(error, 'MANIFEST_UNKNOWN', 'NAME_UNKNOWN')) throw error
  })
}

/** Numbers from 0 to 1 that depend on the seed alone (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
