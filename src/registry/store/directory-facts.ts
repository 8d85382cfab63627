import { randomUUID } from 'node:crypto'
import { mkdir, open, opendir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Descriptor, type Digest, isDigest, StrakeError } from '#oci'
import {
  lexically,
  type Member,
  type MemberKind,
  type RegistryFacts,
  type RepositoryFacts,
} from './facts.ts'

/**
 * Facts as small files below `root`, one folder per repository:
 * `NAME/_blobs/ALGORITHM/HEX`, `NAME/_manifests/...`, `NAME/_tags/TAG`,
 * `NAME/_referrers/ALGORITHM/HEX/ALGORITHM-HEX`. A name component cannot begin
 * with `_`, so repositories may lie inside each other.
 */
export function createDirectoryFacts(root: string): RegistryFacts {
  return {
    repository: (name) => new DirectoryRepositoryFacts(join(root, name)),
    async *repositories({ after = '' } = {}) {
      for await (const name of walk(root, '')) if (name > after) yield name
    },
  }
}

class DirectoryRepositoryFacts implements RepositoryFacts {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async exists(): Promise<boolean> {
    return (await names(this.#root)).some((name) => name.startsWith('_'))
  }

  async find(kind: MemberKind, digest: Digest): Promise<Member | undefined> {
    const text = await readIfThere(this.#memberPath(kind, digest))
    return text === undefined ? undefined : (JSON.parse(text) as Member)
  }

  async add(member: Member): Promise<void> {
    const { digest } = member.descriptor
    await writeDurable(this.#memberPath(member.kind, digest), JSON.stringify(member))
    if (member.subject !== undefined) {
      await writeDurable(this.#referrerPath(member.subject, digest), '')
    }
  }

  async remove(kind: MemberKind, digest: Digest): Promise<void> {
    const member = await this.find(kind, digest)
    if (member === undefined) return
    if (kind === 'manifest') {
      for await (const tag of this.tags()) {
        if ((await this.findTag(tag)) === digest) await this.setTag(tag, undefined)
      }
    }
    if (member.subject !== undefined) {
      await rm(this.#referrerPath(member.subject, digest), { force: true })
    }
    await rm(this.#memberPath(kind, digest), { force: true })
  }

  async findTag(tag: string): Promise<Digest | undefined> {
    const text = await readIfThere(this.#tagPath(tag))
    if (text === undefined) return undefined
    if (isDigest(text)) return text
    throw new StrakeError('INTERNAL', `Cannot read the tag ${tag}: its file holds no digest`)
  }

  async setTag(tag: string, digest: Digest | undefined): Promise<void> {
    if (digest === undefined) await rm(this.#tagPath(tag), { force: true })
    else await writeDurable(this.#tagPath(tag), digest)
  }

  async *tags({ after = '' }: { readonly after?: string } = {}): AsyncGenerator<string> {
    const tags = await names(join(this.#root, '_tags'))
    for (const tag of tags.sort(lexically)) {
      if (tag > after && !tag.startsWith('.')) yield tag
    }
  }

  async *referrers(subject: Digest): AsyncGenerator<Descriptor> {
    const entries = await names(this.#referrersPath(subject))
    for (const entry of entries.sort(lexically)) {
      const digest = entry.replace('-', ':')
      if (!isDigest(digest)) continue
      const member = await this.find('manifest', digest)
      if (member?.subject === subject) yield member.descriptor
    }
  }

  #memberPath(kind: MemberKind, digest: Digest): string {
    return join(this.#root, kind === 'blob' ? '_blobs' : '_manifests', ...digest.split(':'))
  }

  #tagPath(tag: string): string {
    return join(this.#root, '_tags', tag)
  }

  #referrersPath(subject: Digest): string {
    return join(this.#root, '_referrers', ...subject.split(':'))
  }

  #referrerPath(subject: Digest, digest: Digest): string {
    return join(this.#referrersPath(subject), digest.replace(':', '-'))
  }
}

/** Repository names below `directory`, in lexical order of the whole name. */
async function* walk(directory: string, prefix: string): AsyncGenerator<string> {
  const found: string[] = []
  const visit = async (path: string, name: string): Promise<void> => {
    const children = await names(path)
    if (name !== '' && children.some((child) => child.startsWith('_'))) found.push(name)
    for (const child of children) {
      if (/^[_.]/.test(child)) continue
      await visit(join(path, child), name === '' ? child : `${name}/${child}`)
    }
  }
  await visit(directory, prefix)
  yield* found.sort(lexically)
}

async function names(directory: string): Promise<string[]> {
  try {
    const found: string[] = []
    for await (const entry of await opendir(directory)) found.push(entry.name)
    return found
  } catch (error) {
    if (isAbsence(error)) return []
    throw error
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isAbsence(error)) return undefined
    throw error
  }
}

/** Whole or not at all, and still there after a power cut. */
async function writeDurable(path: string, text: string): Promise<void> {
  const directory = dirname(path)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const temporary = join(directory, `.${randomUUID()}`)
  try {
    await using file = await open(temporary, 'wx', 0o644)
    await file.writeFile(text)
    await file.sync()
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await using handle = await open(directory, 'r')
  await handle.sync()
}

function isAbsence(error: unknown): boolean {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
  return code === 'ENOENT' || code === 'ENOTDIR'
}
