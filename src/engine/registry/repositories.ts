import { findReachable } from '#content'
import {
  type Descriptor,
  type Digest,
  isRepositoryName,
  isTag,
  parseDigest,
  StrakeError,
} from '#oci'
import { pathExists } from '#platform'
import type { RegistryFacts, RepositoryFacts } from '#registry'
import { collectGarbage } from '../collect/collect-garbage.ts'
import type { Engine } from '../engine.ts'

/** A repository that the embedded registry has in the store. */
export interface ServedRepository {
  readonly name: string
  readonly tags: readonly string[]
}

/** Returns the repositories that the embedded registry has in the store, by name. */
export async function listRepositories(engine: Engine): Promise<readonly ServedRepository[]> {
  if (!pathExists(`${engine.root}/registry`)) return []
  const facts = await engine.registryFacts()
  return await Array.fromAsync(facts.repositories(), async (name) => ({
    name,
    tags: await Array.fromAsync(facts.repository(name).tags()),
  }))
}

/**
 * Removes a repository, or one manifest of it named by tag or digest, and the content that
 * nothing else uses. A manifest with another tag stays. Returns the freed bytes. Throws
 * `NOT_FOUND`.
 */
export async function removeFromRegistry(engine: Engine, text: string): Promise<number> {
  const { name, tag, digest } = readName(text)
  const facts = await engine.registryFacts()
  const repository = facts.repository(name)
  if (!(await repository.exists())) throw absent(text, 'there is no such repository')
  if (tag === undefined && digest === undefined) await removeAll(engine, facts, name)
  else {
    const target = digest ?? (await repository.findTag(tag ?? ''))
    const member = target && (await repository.find('manifest', target))
    if (member === undefined) throw absent(text, 'the repository has no such manifest')
    if (tag !== undefined) await repository.setTag(tag, undefined)
    const isTagged = tag !== undefined && (await tagsOf(repository)).has(member.descriptor.digest)
    if (!isTagged) await removeManifest(engine, repository, member.descriptor)
  }
  return (await collectGarbage(engine)).bytes
}

interface ServedName {
  readonly name: string
  readonly tag?: string | undefined
  readonly digest?: Digest | undefined
}

/** Reads `app`, `app:1` or `app@sha256:...`, with or without the address of the registry. */
function readName(text: string): ServedName {
  const path = text.replace(/^(?:localhost|[a-zA-Z0-9[][^/]*[.:][^/]*)\//, '')
  const [, name = '', tag, digest] = /^([^:@]*)(?::([^:@]*))?(?:@(.*))?$/.exec(path) ?? []
  if (!isRepositoryName(name) || (tag !== undefined && !isTag(tag))) {
    throw new StrakeError('INVALID', `Cannot remove ${JSON.stringify(text)}: it is not a name`, {
      remedy: 'strake registry rm REPOSITORY[:TAG|@DIGEST]',
    })
  }
  return { name, tag, digest: digest === undefined ? undefined : parseDigest(digest) }
}

function absent(text: string, reason: string): StrakeError {
  return new StrakeError('NOT_FOUND', `Cannot remove ${text} from the registry: ${reason}`, {
    remedy: 'strake registry ls',
  })
}

async function removeAll(engine: Engine, facts: RegistryFacts, name: string): Promise<void> {
  const repository = facts.repository(name)
  for await (const { digest } of engine.content.list()) {
    await repository.remove('manifest', digest)
    await repository.remove('blob', digest)
  }
  await facts.forget(name)
}

/** Removes a manifest, and the content that only it reaches in the repository. */
async function removeManifest(
  { content }: Engine,
  repository: RepositoryFacts,
  target: Descriptor,
): Promise<void> {
  const tagged = await tagsOf(repository)
  const reached = await findReachable(content, [target])
  const kept: Descriptor[] = []
  const blobs: Digest[] = []
  for await (const { digest } of content.list()) {
    const manifest = await repository.find('manifest', digest)
    const stays = digest !== target.digest && (tagged.has(digest) || !reached.has(digest))
    if (manifest !== undefined && stays) kept.push(manifest.descriptor)
    if (reached.has(digest)) blobs.push(digest)
  }
  const needed = await findReachable(content, kept)
  for (const digest of blobs) {
    if (needed.has(digest)) continue
    await repository.remove('manifest', digest)
    await repository.remove('blob', digest)
  }
}

/** Returns the digests that the tags of a repository point to. */
async function tagsOf(repository: RepositoryFacts): Promise<ReadonlySet<Digest>> {
  const digests = await Array.fromAsync(repository.tags(), (tag) => repository.findTag(tag))
  return new Set(digests.filter((digest) => digest !== undefined))
}
