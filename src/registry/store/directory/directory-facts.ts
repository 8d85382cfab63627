import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Descriptor, type Digest, isDigest, StrakeError } from '#oci'
import { mapConcurrently } from '#stream'
import {
  isTaken,
  lexically,
  type Member,
  type MemberKind,
  type RegistryFacts,
  type Removal,
  type RepositoryFacts,
  type TagChange,
  type TagOutcome,
  tagsAgainst,
} from '../facts.ts'
import { namesIn, readIfThere, writeDurable } from './durable.ts'
import { MemberFiles } from './member-files.ts'
import { NameList } from './name-list.ts'
import { Turns } from './turns.ts'
import { upgradeFacts } from './upgrade-facts.ts'

/**
 * Keeps facts as small files below `root`. The members of repositories are kept by digest,
 * so that one directory names the holders of a blob (`MemberFiles`). The tags of a
 * repository are `NAME/_tags/TAG`, its referrers
 * `NAME/_referrers/ALGORITHM/HEX/ALGORITHM-HEX`, and `_names/` lists all names. A component
 * of a name cannot begin with `_`, so a repository may lie inside another.
 */
export function createDirectoryFacts(root: string): RegistryFacts {
  const names = new NameList(join(root, '_names'))
  const members = new MemberFiles(root)
  let upgrading: Promise<void> | undefined
  const ready = (): Promise<void> => {
    upgrading ??= upgradeFacts(root, members)
    upgrading.catch(() => {
      upgrading = undefined
    })
    return upgrading
  }
  const place: Place = { root, names, members, turns: new Turns(), ready }
  return {
    repository: (name) => new DirectoryRepositoryFacts(name, place),
    async *repositories({ after } = {}) {
      await ready()
      yield* names.list(after)
    },
    async forget(name) {
      await ready()
      // Other repositories may be inside it.
      for (const own of ['_tags', '_referrers']) {
        await rm(join(root, name, own), { recursive: true, force: true })
      }
      await names.remove(name)
    },
    async *holders(digest) {
      await ready()
      yield* members.holders(digest)
    },
  }
}

interface Place {
  readonly root: string
  readonly names: NameList
  readonly members: MemberFiles
  readonly turns: Turns
  /** Resolves when files of the old layout have been moved. */
  readonly ready: () => Promise<void>
}

class DirectoryRepositoryFacts implements RepositoryFacts {
  readonly #name: string
  readonly #place: Place
  readonly #own: string

  constructor(name: string, place: Place) {
    this.#name = name
    this.#place = place
    this.#own = join(place.root, name)
  }

  async exists(): Promise<boolean> {
    await this.#place.ready()
    return this.#place.names.has(this.#name)
  }

  async find(kind: MemberKind, digest: Digest): Promise<Member | undefined> {
    await this.#place.ready()
    return this.#place.members.find(this.#name, kind, digest)
  }

  async add(member: Member): Promise<void> {
    const { names, members, ready } = this.#place
    await ready()
    await names.add(this.#name)
    await members.add(this.#name, member)
    if (member.subject !== undefined) {
      await writeDurable(this.#referrerPath(member.subject, member.descriptor.digest), '')
    }
  }

  remove(kind: MemberKind, digest: Digest, removal: Removal = {}): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      const member = await this.find(kind, digest)
      if (member === undefined) return []
      if (kind === 'manifest') {
        const own = await this.#tagsOf(digest)
        const others = tagsAgainst(own, removal)
        if (others.length > 0) return others
        await mapConcurrently(own, 8, (tag) => rm(this.#tagPath(tag), { force: true }))
      }
      if (member.subject !== undefined) {
        await rm(this.#referrerPath(member.subject, digest), { force: true })
      }
      await this.#place.members.remove(this.#name, kind, digest)
      return []
    })
  }

  async findTag(tag: string): Promise<Digest | undefined> {
    const text = readIfThere(this.#tagPath(tag))
    if (text === undefined) return undefined
    if (isDigest(text)) return text
    throw new StrakeError('INTERNAL', `Cannot read the tag ${tag}: its file holds no digest`)
  }

  setTag(tag: string, digest: Digest | undefined, change: TagChange = {}): Promise<TagOutcome> {
    return this.#inTurn(async () => {
      const isHeld = digest === undefined || (await this.find('manifest', digest)) !== undefined
      if (change.onlyHeld === true && !isHeld) return 'unheld'
      if (isTaken(await this.findTag(tag), digest, change)) return 'taken'
      if (digest === undefined) await rm(this.#tagPath(tag), { force: true })
      else await writeDurable(this.#tagPath(tag), digest)
      return 'done'
    })
  }

  async *tags({ after = '' }: { readonly after?: string } = {}): AsyncGenerator<string> {
    const tags = namesIn(join(this.#own, '_tags'))
    const wanted = tags.filter((tag) => tag > after && !tag.startsWith('.'))
    yield* wanted.sort(lexically)
  }

  async *referrers(
    subject: Digest,
    { after = '' }: { readonly after?: string | undefined } = {},
  ): AsyncGenerator<Descriptor> {
    for (const entry of namesIn(this.#referrersPath(subject)).sort(lexically)) {
      const digest = entry.replace('-', ':')
      if (digest <= after || !isDigest(digest)) continue
      const member = await this.find('manifest', digest)
      if (member?.subject === subject) yield member.descriptor
    }
  }

  async #tagsOf(digest: Digest): Promise<readonly string[]> {
    const own: string[] = []
    for await (const tag of this.tags()) if ((await this.findTag(tag)) === digest) own.push(tag)
    return own
  }

  /** Files have no conditions, so the changes of this process that have some are one after another. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#place.turns.run(this.#name, work)
  }

  #tagPath(tag: string): string {
    return join(this.#own, '_tags', tag)
  }

  #referrersPath(subject: Digest): string {
    return join(this.#own, '_referrers', ...subject.split(':'))
  }

  #referrerPath(subject: Digest, digest: Digest): string {
    return join(this.#referrersPath(subject), digest.replace(':', '-'))
  }
}
