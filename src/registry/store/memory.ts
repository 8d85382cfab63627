import { createMemoryStore } from '#content'
import type { Descriptor, Digest } from '#oci'
import type { Registry } from '../registry.ts'
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
} from './facts.ts'
import { createLocalRegistry } from './local.ts'

/** Makes a registry that ends with the process. */
export function createMemoryRegistry(): Registry {
  return createLocalRegistry(createMemoryStore(), createMemoryFacts())
}

/** Keeps facts in maps. */
export function createMemoryFacts(): RegistryFacts {
  const repositories = new Map<string, Contents>()
  return {
    repository: (name) => new MemoryRepositoryFacts(name, repositories),
    async *repositories({ after = '' } = {}) {
      for (const name of [...repositories.keys()].sort(lexically)) if (name > after) yield name
    },
    async forget(name) {
      repositories.delete(name)
    },
    async *holders(digest) {
      for (const [name, { members }] of repositories) {
        if (members.has(`blob ${digest}`) || members.has(`manifest ${digest}`)) yield name
      }
    },
  }
}

/** The members and tags of one repository. */
interface Contents {
  readonly members: Map<string, Member>
  readonly tags: Map<string, Digest>
}

class MemoryRepositoryFacts implements RepositoryFacts {
  readonly #name: string
  readonly #repositories: Map<string, Contents>

  constructor(name: string, repositories: Map<string, Contents>) {
    this.#name = name
    this.#repositories = repositories
  }

  /** Looked up at each call, because two first uploads at the same time must share one. */
  get #held(): Contents {
    return this.#repositories.get(this.#name) ?? { members: new Map(), tags: new Map() }
  }

  #enter(): Contents {
    const held = this.#held
    this.#repositories.set(this.#name, held)
    return held
  }

  async exists(): Promise<boolean> {
    return this.#held.members.size > 0 || this.#held.tags.size > 0
  }

  async find(kind: MemberKind, digest: Digest): Promise<Member | undefined> {
    return this.#held.members.get(`${kind} ${digest}`)
  }

  async add(member: Member): Promise<void> {
    this.#enter().members.set(`${member.kind} ${member.descriptor.digest}`, member)
  }

  async remove(
    kind: MemberKind,
    digest: Digest,
    removal: Removal = {},
  ): Promise<readonly string[]> {
    const { members, tags } = this.#held
    if (kind === 'manifest') {
      const own = [...tags].filter(([, target]) => target === digest).map(([tag]) => tag)
      const others = tagsAgainst(own, removal)
      if (others.length > 0) return others
      for (const tag of own) tags.delete(tag)
    }
    members.delete(`${kind} ${digest}`)
    return []
  }

  async findTag(tag: string): Promise<Digest | undefined> {
    return this.#held.tags.get(tag)
  }

  async setTag(
    tag: string,
    digest: Digest | undefined,
    change: TagChange = {},
  ): Promise<TagOutcome> {
    const { members, tags } = this.#held
    const isHeld = digest === undefined || members.has(`manifest ${digest}`)
    if (change.onlyHeld === true && !isHeld) return 'unheld'
    if (isTaken(tags.get(tag), digest, change)) return 'taken'
    if (digest === undefined) tags.delete(tag)
    else this.#enter().tags.set(tag, digest)
    return 'done'
  }

  async *tags({ after = '' }: { readonly after?: string } = {}): AsyncIterable<string> {
    for (const tag of [...this.#held.tags.keys()].sort(lexically)) if (tag > after) yield tag
  }

  async *referrers(
    subject: Digest,
    { after = '' }: { readonly after?: string | undefined } = {},
  ): AsyncIterable<Descriptor> {
    const found = [...this.#held.members.values()].filter((member) => member.subject === subject)
    found.sort((one, other) => lexically(one.descriptor.digest, other.descriptor.digest))
    for (const { descriptor } of found) if (descriptor.digest > after) yield descriptor
  }
}
