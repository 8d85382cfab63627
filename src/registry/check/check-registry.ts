import { type ContentStore, childrenOf } from '#content'
import {
  type Descriptor,
  type Digest,
  isIndexType,
  isManifestType,
  isStrakeError,
  limits,
  type ManifestOrIndex,
  parseManifestOrIndex,
} from '#oci'
import { toBuffer } from '#stream'
import type { MemberKind, RegistryFacts } from '../store/facts.ts'
import type { MemberRecord, RegistryLedger } from '../store/ledger.ts'
import type { CheckSummary, RegistryFault } from './fault.ts'
import { type Condition, proveContent } from './prove.ts'

export interface CheckParts {
  readonly facts: RegistryFacts
  readonly ledger: RegistryLedger
  readonly content: ContentStore
}

export interface CheckRegistryOptions {
  /** Tries to get content back. Returns false if nothing has it. Default: nothing is changed. */
  readonly restore?: ((lost: LostContent) => Promise<boolean>) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface LostContent {
  readonly repository: string
  readonly kind: MemberKind
  readonly descriptor: Descriptor
  readonly isDamaged: boolean
}

/**
 * Proves everything that a registry holds: the bytes of every manifest and blob, that each repository
 * holds what its manifests and tags name, and that its records say what its manifests say. Servers
 * may run meanwhile: what leaves a repository during the check is no fault.
 */
export async function* checkRegistry(
  parts: CheckParts,
  options: CheckRegistryOptions = {},
): AsyncGenerator<RegistryFault, CheckSummary> {
  const check = new Check(parts, options)
  for await (const name of parts.facts.repositories()) yield* check.repository(name)
  return check.summary
}

/** What a repository holds, by digest. */
type Held = Readonly<Record<MemberKind, Set<Digest>>>

class Check {
  readonly summary = { repositories: 0, manifests: 0, blobs: 0, tags: 0, bytes: 0 }
  readonly #parts: CheckParts
  readonly #options: CheckRegistryOptions
  readonly #conditions = new Map<Digest, Condition>()

  constructor(parts: CheckParts, options: CheckRegistryOptions) {
    this.#parts = parts
    this.#options = options
  }

  async *repository(name: string): AsyncGenerator<RegistryFault> {
    this.summary.repositories += 1
    const { ledger } = this.#parts
    const held: Held = { manifest: new Set(), blob: new Set() }
    for (const kind of ['blob', 'manifest'] as const) {
      for await (const member of ledger.members(name, kind)) {
        this.#options.signal?.throwIfAborted()
        this.summary[kind === 'blob' ? 'blobs' : 'manifests'] += 1
        held[kind].add(member.descriptor.digest)
        yield* this.#member(name, member)
      }
    }
    for await (const member of ledger.members(name, 'manifest')) {
      yield* this.#references(name, member, held)
    }
    for await (const { name: tag, digest } of ledger.tags(name)) {
      this.summary.tags += 1
      if (held.manifest.has(digest) || (await this.#holds(name, 'manifest', digest))) continue
      // A tag that moved meanwhile names what came meanwhile.
      if ((await this.#parts.facts.repository(name).findTag(tag)) !== digest) continue
      const at = { repository: name, digest, tag }
      yield { ...at, kind: 'tag', problem: 'incomplete', isRepaired: false }
    }
  }

  /** Proves the bytes of a member, once for all repositories. */
  async *#member(repository: string, { kind, descriptor }: MemberRecord) {
    const { digest, size } = descriptor
    const known = this.#conditions.get(digest)
    const { content } = this.#parts
    const condition = known ?? (await proveContent(content, descriptor, this.#options.signal))
    this.#conditions.set(digest, condition)
    if (condition === 'sound') {
      if (known === undefined) this.summary.bytes += size
      return
    }
    if (!(await this.#holds(repository, kind, digest))) return
    const isDamaged = condition === 'damaged'
    const isRepaired = await this.#restore({ repository, kind, descriptor, isDamaged })
    if (isRepaired) this.#conditions.set(digest, 'sound')
    yield { repository, kind, digest, problem: condition, isRepaired } satisfies RegistryFault
  }

  /** Compares a manifest with what its repository holds and with its record. */
  async *#references(
    repository: string,
    { descriptor, subject }: MemberRecord,
    held: Held,
  ): AsyncGenerator<RegistryFault> {
    const { digest, mediaType } = descriptor
    const isReadable = isManifestType(mediaType) || isIndexType(mediaType)
    if (!isReadable || this.#conditions.get(digest) !== 'sound') return
    const at = { repository, kind: 'manifest', digest } as const
    const parsed = await this.#parse(descriptor)
    if (parsed === 'gone') return
    if (parsed === undefined) return yield { ...at, problem: 'invalid', isRepaired: false }
    const stated = (parsed.kind === 'manifest' ? parsed.manifest : parsed.index).subject?.digest
    if (stated !== subject) yield { ...at, problem: 'mismatch', isRepaired: false }
    const kind: MemberKind = parsed.kind === 'manifest' ? 'blob' : 'manifest'
    for (const child of childrenOf({ parsed })) {
      const isHeld = held[kind].has(child.digest)
      if (isHeld || (await this.#holds(repository, kind, child.digest))) continue
      if (!(await this.#holds(repository, 'manifest', digest))) return
      const lost: LostContent = { repository, kind, descriptor: child, isDamaged: false }
      const isRepaired = await this.#restore(lost)
      yield { ...at, problem: 'incomplete', missing: child.digest, isRepaired }
    }
  }

  async #parse(descriptor: Descriptor): Promise<ManifestOrIndex | 'gone' | undefined> {
    try {
      const raw = await toBuffer(this.#parts.content.read(descriptor), limits.manifestSize)
      return parseManifestOrIndex(raw, descriptor.mediaType)
    } catch (error) {
      if (!isStrakeError(error)) throw error
      return error.code === 'NOT_FOUND' ? 'gone' : undefined
    }
  }

  async #holds(repository: string, kind: MemberKind, digest: Digest): Promise<boolean> {
    return (await this.#parts.facts.repository(repository).find(kind, digest)) !== undefined
  }

  async #restore(lost: LostContent): Promise<boolean> {
    return (await this.#options.restore?.(lost)) ?? false
  }
}
