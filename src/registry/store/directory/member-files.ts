import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, StrakeError, sha256 } from '#oci'
import type { Member, MemberKind } from '../facts.ts'
import { namesIn, readIfThere, writeDurable } from './durable.ts'

/** The content of a member's file. */
export interface Entry extends Member {
  readonly repository: string
}

/**
 * The members of repositories, one file each: `_blobs/ALGORITHM/HE/HEX@KEY` and
 * `_manifests/...`. HE are the first two digits, so that a directory has about one in 256
 * of all files. KEY is a hash of the repository's name, because the name itself may be as
 * long as a file name can be.
 */
export class MemberFiles {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  find(repository: string, kind: MemberKind, digest: Digest): Member | undefined {
    const entry = readEntry(this.#pathOf(repository, kind, digest))
    if (entry === undefined) return undefined
    const { repository: _, ...member } = entry
    return member
  }

  async add(repository: string, member: Member): Promise<void> {
    const entry: Entry = { ...member, repository }
    const path = this.#pathOf(repository, member.kind, member.descriptor.digest)
    await writeDurable(path, JSON.stringify(entry))
  }

  async remove(repository: string, kind: MemberKind, digest: Digest): Promise<void> {
    await rm(this.#pathOf(repository, kind, digest), { force: true })
  }

  /** Yields the repositories that hold `digest`, as a blob or as a manifest. */
  *holders(digest: Digest): Generator<string> {
    for (const kind of ['blob', 'manifest'] as const) {
      const { directory, prefix } = this.#place(kind, digest)
      for (const file of namesIn(directory)) {
        const entry = file.startsWith(prefix) ? readEntry(join(directory, file)) : undefined
        if (entry !== undefined) yield entry.repository
      }
    }
  }

  /** Returns the names of all repositories with members. */
  repositories(): ReadonlySet<string> {
    return new Set(this.all().map(({ repository }) => repository))
  }

  /** Yields all members with the names of their repositories, in no order. */
  *all(): Generator<Entry> {
    for (const folder of ['_blobs', '_manifests']) {
      for (const directory of directoriesIn(join(this.#root, folder))) {
        for (const file of namesIn(directory)) {
          const entry = file.includes('@') ? readEntry(join(directory, file)) : undefined
          if (entry !== undefined) yield entry
        }
      }
    }
  }

  #pathOf(repository: string, kind: MemberKind, digest: Digest): string {
    const { directory, prefix } = this.#place(kind, digest)
    const key = sha256(new TextEncoder().encode(repository)).replace('sha256:', '').slice(0, 32)
    return join(directory, `${prefix}${key}`)
  }

  #place(
    kind: MemberKind,
    digest: Digest,
  ): { readonly directory: string; readonly prefix: string } {
    const [algorithm = '', hex = ''] = digest.split(':')
    const folder = kind === 'blob' ? '_blobs' : '_manifests'
    return {
      directory: join(this.#root, folder, algorithm, hex.slice(0, 2)),
      prefix: `${hex}@`,
    }
  }
}

/** Yields the directories two levels below `root`. */
function* directoriesIn(root: string): Generator<string> {
  for (const algorithm of namesIn(root)) {
    for (const digits of namesIn(join(root, algorithm))) yield join(root, algorithm, digits)
  }
}

function readEntry(path: string): Entry | undefined {
  const text = readIfThere(path)
  try {
    return text === undefined ? undefined : (JSON.parse(text) as Entry)
  } catch (cause) {
    throw new StrakeError('INTERNAL', `Cannot read what a repository holds: ${path} is damaged`, {
      cause,
    })
  }
}
