import { basename, dirname, join, resolve } from 'node:path'
import { digestHex, type StrakeError, sha256 } from '#oci'
import { isRoot, isSystemError, realPath } from '#platform'

/** The two directories of a store: a lasting one, and one that a reboot empties. */
export interface Roots {
  /** `$STRAKE_ROOT`. */
  readonly root: string
  /** `$STRAKE_RUN`. */
  readonly run: string
}

/** A store that cannot be opened. */
export interface ClosedStore extends Roots {
  readonly problem: StrakeError
}

export interface RootsOptions {
  readonly root?: string | undefined
  readonly run?: string | undefined
  /** Default: the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** User ID. Default: that of this process. */
  readonly uid?: number
}

/**
 * Returns the directories of a store: of the options, else of the environment, else the
 * usual ones. A store elsewhere gets a run directory of its own, so that two stores never
 * mix their mounts and networks. That directory is not below the usual one, which a reset
 * of the usual store removes.
 *
 * Links are resolved here, once: a runtime refuses a root file system behind a link, and
 * a store has one name for every path to it.
 */
export function findRoots(options: RootsOptions = {}): Roots {
  const env = options.env ?? process.env
  const ofRoot = isRoot(options.uid)
  const home = env['XDG_DATA_HOME'] || join(env['HOME'] || homeOfUser(), '.local/share')
  const usual = withoutLinks(ofRoot ? '/var/lib/strake' : join(home, 'strake'))
  const runtime = env['XDG_RUNTIME_DIR']
  const root = withoutLinks(resolve(options.root ?? (env['STRAKE_ROOT'] || usual)))
  const asked = options.run ?? env['STRAKE_RUN']
  if (asked) return { root, run: withoutLinks(resolve(asked)) }
  // Without a runtime directory, in a cron job or a container, a user can write nowhere else.
  if (!ofRoot && !runtime) return { root, run: join(root, 'run') }
  const usualRun = ofRoot || !runtime ? '/run/strake' : join(runtime, 'strake')
  const run = root === usual ? usualRun : join(`${usualRun}-stores`, nameOf(root))
  return { root, run: withoutLinks(run) }
}

/** Resolves the existing part of a path. */
function withoutLinks(path: string): string {
  try {
    return realPath(path)
  } catch (error) {
    if (!isSystemError(error)) throw error
    const parent = dirname(path)
    // An unresolvable path cannot be made either. Making it throws the reason.
    return parent === path ? path : join(withoutLinks(parent), basename(path))
  }
}

function homeOfUser(): string {
  return process.getBuiltinModule('node:os').homedir()
}

function nameOf(root: string): string {
  return digestHex(sha256(root)).slice(0, 12)
}
