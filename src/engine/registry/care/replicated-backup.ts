import { join } from 'node:path'
import { openDirectoryStore } from '#content'
import { contentOfSnapshot, restorePostgresFacts, snapshotPostgresFacts } from '#facts'
import { ContentMismatchError, type Digest, isStrakeError, StrakeError } from '#oci'
import { writeFileDurable } from '#platform'
import { authFiles, findTokens, openTokens, type SharedAuth } from '#registry/access/open-auth'
import { formatUserLines } from '#registry/identity/htpasswd'
import { openUserFile } from '#registry/identity/user-file'
import type { ReplicatedRegistry } from '#server/replicated-registry'
import { type BackupSource, copyIfThere } from './backup.ts'
import type { RegistryFiles } from './registry-files.ts'
import { factsOfBackup, type RestoreReport } from './restore-backup.ts'

const mediaType = 'application/octet-stream'

/** The source for a registry in a bucket. Blobs are proved while they are copied. */
export function sourceOfReplicas(
  { facts, content }: ReplicatedRegistry,
  files: RegistryFiles['users'],
  { users }: SharedAuth,
): BackupSource {
  return {
    takeFacts: (to) => snapshotPostgresFacts(facts.postgres, to),
    async keep({ digest, size }, store, { signal }) {
      const blob = { mediaType, digest, size }
      if (await store.has(blob)) return 'kept'
      try {
        await store.write(blob, content.read(blob, { signal }), { signal })
        return 'added'
      } catch (error) {
        signal?.throwIfAborted()
        if (isLost(error)) return 'absent'
        throw error
      }
    },
    async takeUsers(to) {
      if (users === undefined) return await copyIfThere(files.htpasswd, to)
      await writeFileDurable(to, formatUserLines(await users.list()), 0o600)
      return true
    },
    // Keys in the database change every day, and a copy of one would only help a thief.
    takeKey: (to) => copyIfThere(files.key, to),
    async takeTokens(to) {
      let isThere = false
      await using copy = openTokens({ ...files, tokens: to })
      for await (const token of facts.tokens.list()) {
        isThere = true
        await copy.put(token)
      }
      return isThere
    },
  }
}

/**
 * Brings a backup into an empty database and its bucket: first the content, which is proved, then the
 * users unless they are in a file, the tokens, and at last the facts in one transaction.
 */
export async function restoreReplicas(
  { facts, content }: ReplicatedRegistry,
  backup: string,
  { signal, users }: { readonly signal?: AbortSignal | undefined } & Pick<SharedAuth, 'users'>,
): Promise<RestoreReport> {
  const snapshot = await factsOfBackup(backup)
  for await (const name of facts.repositories()) {
    throw new StrakeError('CONFLICT', `Cannot restore: the database has the repository ${name}`, {
      remedy: 'name an empty database in the configuration',
    })
  }
  const from = await openDirectoryStore(backup)
  const held = contentOfSnapshot(snapshot)
  const faulty: Digest[] = []
  let bytes = 0
  for (const { digest, size } of held) {
    signal?.throwIfAborted()
    const blob = { mediaType, digest, size }
    try {
      await content.write(blob, from.read(blob, { signal }), { signal })
      bytes += size
    } catch (error) {
      signal?.throwIfAborted()
      if (!isLost(error)) throw error
      faulty.push(digest)
    }
  }
  const copied = authFiles({}, join(backup, 'registry-auth'))
  for (const user of await openUserFile(copied.htpasswd).list()) await users?.add(user)
  await using tokens = await findTokens(copied)
  for await (const token of tokens?.list() ?? []) await facts.tokens.put(token)
  // The last step: everything before it can be done again after a crash.
  await restorePostgresFacts(snapshot, facts.postgres)
  return { blobs: held.length - faulty.length, bytes, faulty }
}

/** Returns true for the error of a blob that is absent or damaged. */
function isLost(error: unknown): boolean {
  return isStrakeError(error, 'NOT_FOUND') || error instanceof ContentMismatchError
}
