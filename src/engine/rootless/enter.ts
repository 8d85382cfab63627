import { isStrakeError } from '#oci'
import { canMount, isRoot, isSystemError, lockFile, replaceProcess, selfCommand } from '#platform'
import { refuseNamespace } from '../host/namespace-refusal.ts'
import { findRoots, type Roots, type RootsOptions } from '../host/roots.ts'
import { type Holder, holds, readHolder, writeHolder } from './holder.ts'
import { enterWords, makeHolder, replaceHolder } from './make-holder.ts'

/**
 * Continues this command as root of the user's own namespaces, in the same process: it begins again
 * with `words` as its arguments. Returns where it already has the rights of root, and where the user can
 * have no namespace; then `namespaceRefusal` gives the reason. Called before anything is read or written.
 */
export async function enterNamespace(
  words: readonly string[],
  options: RootsOptions = {},
): Promise<void> {
  if (isRoot() || canMount()) return
  const env = options.env ?? process.env
  const { root, run } = findRoots(options)
  let holder: Holder
  try {
    holder = await findHolder({ root, run })
  } catch (error) {
    if (!isStrakeError(error) && !isSystemError(error)) throw error
    refuseNamespace(error.message.replace(/^.*?: /, ''))
    return
  }
  // A process that enters a mount namespace gets its root directory, so the shell changes back to the directory of this command.
  const shell = ['/bin/sh', '-c', 'cd "$0" && exec "$@"', process.cwd()]
  replaceProcess([...enterWords(holder.process.pid), ...shell, ...selfCommand(), ...words], {
    ...env,
    // Without these variables, root of the namespace would use the usual store of root.
    STRAKE_ROOT: root,
    STRAKE_RUN: run,
  })
}

/** Returns the living holder of this user, and starts one when there is none. */
async function findHolder(roots: Roots): Promise<Holder> {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
  const known = readHolder(roots.run, uid)
  if (known !== undefined && holds(known)) return known
  const { makeStore } = await import('./make-store.ts')
  await makeStore(roots)
  using _lock = await lockFile(`${roots.run}/namespace.lock`)
  const noted = readHolder(roots.run, uid)
  if (noted !== undefined && holds(noted)) return noted
  const replaced = noted === undefined ? undefined : await replaceHolder(noted)
  const holder = replaced ?? (await makeHolder(uid, gid))
  writeHolder(roots.run, holder)
  return holder
}
