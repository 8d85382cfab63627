import { createMemoryStore } from '#content'
import type { Descriptor, Digest } from '#oci'
import {
  lexically,
  type Member,
  type MemberKind,
  type RegistryFacts,
  type RepositoryFacts,
} from './facts.ts'
import { createLocalRegistry } from './local.ts'
import type { Registry } from './registry.ts'

/** A registry that forgets everything with the process. */
export function createMemoryRegistry(): Registry {
  return createLocalRegistry(createMemoryStore(), createMemoryFacts())
}

/** Facts in maps. */
export function createMemoryFacts(): RegistryFacts {
  const repositories = new Map<string, MemoryRepositoryFacts>()
  return {
    repository(name) {
      const known = repositories.get(name)
      if (known !== undefined) return known
      return new MemoryRepositoryFacts((facts) => repositories.set(name, facts))
    },
    async *repositories({ after = '' } = {}) {
      for (const name of [...repositories.keys()].sort(lexically)) if (name > after) yield name
    },
  }
}

class MemoryRepositoryFacts implements RepositoryFacts {
  readonly #members = new Map<string, Member>()
  readonly #tags = new Map<string, Digest>()
  readonly #enter: (self: MemoryRepositoryFacts) => void

  constructor(enter: (self: MemoryRepositoryFacts) => void) {
    this.#enter = enter
  }

  async exists(): Promise<boolean> {
    return this.#members.size > 0 || this.#tags.size > 0
  }

  async find(kind: MemberKind, digest: Digest): Promise<Member | undefined> {
    return this.#members.get(`${kind} ${digest}`)
  }

  async add(member: Member): Promise<void> {
    this.#enter(this)
    this.#members.set(`${member.kind} ${member.descriptor.digest}`, member)
  }

  async remove(kind: MemberKind, digest: Digest): Promise<void> {
    if (kind === 'manifest') {
      for (const [tag, target] of this.#tags) if (target === digest) this.#tags.delete(tag)
    }
    this.#members.delete(`${kind} ${digest}`)
  }

  async findTag(tag: string): Promise<Digest | undefined> {
    return this.#tags.get(tag)
  }

  async setTag(tag: string, digest: Digest | undefined): Promise<void> {
    if (digest === undefined) this.#tags.delete(tag)
    else this.#tags.set(tag, digest)
  }

  async *tags({ after = '' }: { readonly after?: string } = {}): AsyncIterable<string> {
    for (const tag of [...this.#tags.keys()].sort(lexically)) if (tag > after) yield tag
  }

  async *referrers(subject: Digest): AsyncIterable<Descriptor> {
    const found = [...this.#members.values()].filter((member) => member.subject === subject)
    found.sort((one, other) => lexically(one.descriptor.digest, other.descriptor.digest))
    for (const member of found) yield member.descriptor
  }
}
