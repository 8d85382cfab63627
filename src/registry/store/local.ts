import {
  type ContentStore,
  childrenOf,
  type Ingest,
  type IngestOptions,
  isDocument,
  type ReadOptions,
  type WriteOptions,
  type WriteOutcome,
} from '#content'
import {
  type Descriptor,
  type Digest,
  isDigest,
  isTag,
  limits,
  parseManifestOrIndex,
  StrakeError,
} from '#oci'
import { type Bytes, fromBuffer, toBuffer, verified } from '#stream'
import { parseName } from '../endpoints.ts'
import type {
  FoundManifest,
  MountOptions,
  Opening,
  ReferrersOptions,
  Registry,
  Repository,
} from '../registry.ts'
import type { Member, MemberKind, RegistryFacts, RepositoryFacts } from './facts.ts'
import { LinkingIngest } from './linking-ingest.ts'
import { describeReferrer } from './referrer.ts'
import { StoredDocuments } from './stored-documents.ts'
import { mergeReferrers, taggedReferrers } from './tagged-referrers.ts'

export interface LocalRegistryOptions {
  /**
   * Finds content that any repository may link without a source and without the bytes. A
   * registry over an image store finds the store's blobs, so that a push sends no bytes.
   */
  readonly findBlob?: (digest: Digest) => Promise<Descriptor | undefined>
  /**
   * Returns milliseconds of a clock that never goes back: for how long content is believed to be there.
   * Default: that of `performance`.
   */
  readonly monotonic?: (() => number) | undefined
}

/** Makes a registry of content and facts, such as memory, a directory or an image store. */
export function createLocalRegistry(
  blobs: ContentStore,
  facts: RegistryFacts,
  options: LocalRegistryOptions = {},
): Registry {
  const backing = { blobs, facts, options, documents: new StoredDocuments(blobs, options) }
  return {
    repository: (name, opening) => new LocalRepository(parseName(name), backing, opening),
    repositories: (page) => facts.repositories(page),
  }
}

interface Backing {
  readonly blobs: ContentStore
  readonly facts: RegistryFacts
  readonly options: LocalRegistryOptions
  readonly documents: StoredDocuments
}

class LocalRepository implements Repository {
  readonly name: string
  readonly #blobs: ContentStore
  readonly #backing: Backing
  readonly #facts: RepositoryFacts
  readonly #opening: Opening

  constructor(name: string, backing: Backing, opening: Opening = {}) {
    this.#opening = opening
    this.name = name
    this.#backing = backing
    this.#blobs = backing.blobs
    this.#facts = backing.facts.repository(name)
  }

  async has(target: Descriptor): Promise<boolean> {
    const member = await this.#facts.find(await this.#kindOf(target), target.digest)
    return member !== undefined && (await this.#backing.documents.look(member.descriptor))
  }

  async *read(target: Descriptor, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    const kind = await this.#kindOf(target)
    const { descriptor } = await this.#get(kind, target.digest)
    const wanted = { ...descriptor, size: target.size }
    const { documents } = this.#backing
    const isWhole = options.start === undefined && options.end === undefined
    if (isWhole && documents.holds(kind, wanted)) yield await documents.read(wanted, options)
    else yield* this.#blobs.read(wanted, options)
  }

  async write(
    expected: Descriptor,
    bytes: Bytes,
    options: WriteOptions = {},
  ): Promise<WriteOutcome> {
    if (await this.has(expected)) return 'exists'
    if (isDocument(expected)) {
      await this.#writeManifest(expected, bytes)
      return 'written'
    }
    const { mountFrom } = options
    const { digest } = expected
    const mounted =
      mountFrom === undefined
        ? await this.#mountShared(digest)
        : await this.mount(digest, { from: mountFrom })
    if (mounted !== undefined) return 'mounted'
    if (await this.#blobs.has(expected)) await drain(verified(bytes, expected))
    else await this.#blobs.write(expected, bytes, { ...options, mountFrom: undefined })
    await this.#link(expected)
    return 'written'
  }

  async writeOpaqueManifest(target: Descriptor, bytes: Bytes): Promise<void> {
    const raw = await toBuffer(verified(bytes, target), limits.manifestSize)
    await this.#blobs.write(target, fromBuffer(raw))
    await this.#add({ kind: 'manifest', descriptor: bare(target) })
  }

  async ingest(options?: IngestOptions): Promise<Ingest> {
    const ingest = await this.#blobs.ingest(options)
    return new LinkingIngest(ingest, (digest, size) =>
      this.#link({ mediaType: octetStream, digest, size }),
    )
  }

  async delete(target: Descriptor): Promise<void> {
    const { sender: by, fixedBy } = this.#opening
    const kind = await this.#kindOf(target)
    // Each tag of the manifest is asked about before it goes, also one that comes meanwhile.
    const mayGo: string[] = []
    for (;;) {
      const onlyTags = fixedBy === undefined ? undefined : mayGo
      const tags = await this.#facts.remove(kind, target.digest, { by, onlyTags })
      if (tags.length === 0) return
      for (const tag of tags) {
        const rule = fixedBy?.(tag)
        if (rule !== undefined) throw this.#fixed(tag, rule)
      }
      mayGo.push(...tags)
    }
  }

  async resolve(tagOrDigest: string): Promise<Descriptor> {
    const digest = isDigest(tagOrDigest) ? tagOrDigest : await this.#findTag(tagOrDigest)
    if (digest === undefined) throw this.#unknown('manifest', tagOrDigest)
    return bare((await this.#get('manifest', digest)).descriptor)
  }

  async readManifest(reference: string): Promise<FoundManifest> {
    const descriptor = await this.resolve(reference)
    return { descriptor, raw: await this.#backing.documents.read(descriptor) }
  }

  async resolveBlob(digest: Digest): Promise<Descriptor> {
    return bare((await this.#get('blob', digest)).descriptor)
  }

  async mount(digest: Digest, options: MountOptions = {}): Promise<Descriptor | undefined> {
    const { from, mayPull = () => true } = options
    const { facts } = this.#backing
    const mountFrom = async (name: string): Promise<Descriptor | undefined> => {
      if (!(await mayPull(name))) return undefined
      const member = await facts.repository(name).find('blob', digest)
      return this.#take(member?.descriptor)
    }
    if (from !== undefined) return mountFrom(parseName(from))
    const shared = await this.#mountShared(digest)
    if (shared !== undefined) return shared
    for await (const name of facts.holders(digest)) {
      const mounted = await mountFrom(name)
      if (mounted !== undefined) return mounted
    }
    return undefined
  }

  async tag(tag: string, target: Descriptor): Promise<void> {
    if (!isTag(tag)) {
      throw new StrakeError('MANIFEST_INVALID', `Cannot tag ${this.name}: ${tag} is not a tag`)
    }
    const { sender: by, fixedBy } = this.#opening
    const rule = fixedBy?.(tag)
    const { digest } = target
    await this.#get('manifest', digest)
    const conditions = { onlyNew: rule !== undefined, onlyHeld: true }
    const outcome = await this.#facts.setTag(tag, digest, { by, ...conditions })
    if (outcome === 'unheld') throw this.#unknown('manifest', digest)
    if (outcome === 'taken') throw this.#fixed(tag, rule)
  }

  async untag(tag: string): Promise<void> {
    const { sender: by, fixedBy } = this.#opening
    const rule = fixedBy?.(tag)
    const outcome = await this.#facts.setTag(tag, undefined, { by, onlyNew: rule !== undefined })
    if (outcome === 'taken') throw this.#fixed(tag, rule)
  }

  async *tags(options?: { readonly after?: string }): AsyncGenerator<string> {
    if (!(await this.#facts.exists())) {
      throw new StrakeError(
        'NAME_UNKNOWN',
        `Cannot list the tags of ${this.name}: repository unknown`,
      )
    }
    yield* this.#facts.tags(options)
  }

  /** Sorted by digest, so that a list can continue after any of them. */
  async *referrers(subject: Digest, options: ReferrersOptions = {}): AsyncGenerator<Descriptor> {
    const { artifactType, after } = options
    const tagged = await taggedReferrers(subject, { facts: this.#facts, blobs: this.#blobs, after })
    const attached = this.#facts.referrers(subject, { after })
    for await (const referrer of mergeReferrers(tagged, attached)) {
      if (artifactType === undefined || referrer.artifactType === artifactType) yield referrer
    }
  }

  async #mountShared(digest: Digest): Promise<Descriptor | undefined> {
    return this.#take(await this.#backing.options.findBlob?.(digest))
  }

  /** Links a blob of another repository, unless the store has lost it. */
  async #take(found: Descriptor | undefined): Promise<Descriptor | undefined> {
    if (found === undefined || !(await this.#blobs.has(found))) return undefined
    await this.#link(found)
    return bare({ ...found, mediaType: octetStream })
  }

  async #findTag(tag: string): Promise<Digest | undefined> {
    return isTag(tag) ? this.#facts.findTag(tag) : undefined
  }

  async #writeManifest(expected: Descriptor, bytes: Bytes): Promise<void> {
    const raw = await toBuffer(verified(bytes, expected), limits.manifestSize)
    const parsed = parseManifestOrIndex(raw, expected.mediaType)
    const { subject } = parsed.kind === 'manifest' ? parsed.manifest : parsed.index
    await this.#blobs.write(expected, fromBuffer(raw))
    await this.#add({
      kind: 'manifest',
      descriptor: subject === undefined ? bare(expected) : describeReferrer(expected, raw),
      ...(subject === undefined ? {} : { subject: subject.digest }),
      names: childrenOf({ parsed }).map(({ digest }) => digest),
    })
  }

  async #link(target: Descriptor): Promise<void> {
    await this.#add({ kind: 'blob', descriptor: bare({ ...target, mediaType: octetStream }) })
  }

  async #get(kind: MemberKind, digest: Digest): Promise<Member> {
    const member = await this.#facts.find(kind, digest)
    // Lost or damaged content is unknown, so that a client sends it again.
    if (member === undefined || !(await this.#backing.documents.isPresent(member)))
      throw this.#unknown(kind, digest)
    return member
  }

  /** Content of an unknown media type is a manifest only if it was written as one. */
  async #kindOf({ mediaType, digest }: Descriptor): Promise<MemberKind> {
    if (isDocument({ mediaType })) return 'manifest'
    if (mediaType === octetStream) return 'blob'
    const member = await this.#facts.find('manifest', digest)
    return member?.descriptor.mediaType === mediaType ? 'manifest' : 'blob'
  }

  #fixed(tag: string, rule = 'a rule'): StrakeError {
    const message = `Cannot change ${this.name}:${tag}: the registry keeps it (${rule})`
    return new StrakeError('DENIED', message)
  }

  #add(member: Member): Promise<void> {
    const { sender: by, quotas } = this.#opening
    return this.#facts.add(member, { by, quotas })
  }

  #unknown(kind: MemberKind, reference: string): StrakeError {
    const name = `${this.name}${reference.includes(':') ? '@' : ':'}${reference}`
    return kind === 'blob'
      ? new StrakeError('BLOB_UNKNOWN', `Cannot find ${name}: blob unknown`)
      : new StrakeError('MANIFEST_UNKNOWN', `Cannot find ${name}: manifest unknown`)
  }
}

const octetStream = 'application/octet-stream'

function bare({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size }
}

async function drain(bytes: Bytes): Promise<void> {
  for await (const _ of bytes);
}
