import { type Digest, formatPlatform, type Platform, StrakeError } from '#oci'

/** The versions of everything that a build takes from other machines. */
export interface BuildLock {
  /** Sorted, each name once. */
  readonly sources: readonly LockedSource[]
  /**
   * True for the versions in a provenance. It has no frontend, and BuildKit's names an image by the
   * digest of its index.
   */
  readonly isOfProvenance?: boolean | undefined
}

export type LockedSource = LockedImage | LockedFrontend | LockedRepository | LockedFile

/** An image that FROM, COPY --from, a mount or a named context names. */
export interface LockedImage {
  readonly kind: 'image'
  readonly reference: string
  /** `os/architecture[/variant]`. */
  readonly platform: string
  /** The digest of the manifest for the platform. */
  readonly digest: Digest
}

/** The frontend of `# syntax=`. It is built in, so that its name is its version. */
export interface LockedFrontend {
  readonly kind: 'frontend'
  readonly reference: string
}

export interface LockedRepository {
  readonly kind: 'git'
  /** The URL, with `#` and the ref if there is one. */
  readonly url: string
  /** Hex. */
  readonly commit: string
}

/** A file of a web server: `http` of ADD or of a context, `download` of a command. */
export interface LockedFile {
  readonly kind: 'http' | 'download'
  readonly url: string
  readonly digest: Digest
}

/** Identifies a source. Two entries of a lock never have the same name. */
export function nameOfSource(source: LockedSource): string {
  switch (source.kind) {
    case 'image':
      return `${source.reference} for ${source.platform}`
    case 'frontend':
      return `the frontend ${source.reference}`
    default:
      return source.url
  }
}

/** What a lock keeps of a source: a digest or a commit. */
export function versionOfSource(source: LockedSource): string {
  if (source.kind === 'frontend') return source.reference
  return source.kind === 'git' ? source.commit : source.digest
}

/** Returns `undefined` without a lock. Throws `DENIED` for a source that the lock does not have. */
export function lockedImage(
  lock: BuildLock | undefined,
  reference: string,
  platform: Platform,
): Digest | undefined {
  const wanted = formatPlatform(platform)
  const found = lock?.sources.find(
    (each) => each.kind === 'image' && each.reference === reference && each.platform === wanted,
  )
  if (found?.kind === 'image') return found.digest
  if (lock !== undefined) throw notLocked(`${reference} for ${wanted}`)
  return undefined
}

/** As `lockedImage`, for the commit of a repository. */
export function lockedCommit(lock: BuildLock | undefined, url: string): string | undefined {
  const found = lock?.sources.find((each) => each.kind === 'git' && each.url === url)
  if (found?.kind === 'git') return found.commit
  if (lock !== undefined) throw notLocked(url)
  return undefined
}

/** As `lockedImage`, for a file of a web server. */
export function lockedDigest(
  lock: BuildLock | undefined,
  kind: LockedFile['kind'],
  url: string,
): Digest | undefined {
  const found = lock?.sources.find((each) => each.kind === kind && each.url === url)
  if (found?.kind === 'http' || found?.kind === 'download') return found.digest
  if (lock !== undefined) throw notLocked(url)
  return undefined
}

/** Throws `DENIED` when the lock has another frontend. */
export function checkLockedFrontend(lock: BuildLock | undefined, reference: string): void {
  if (lock === undefined || lock.isOfProvenance === true || reference === '') return
  const isLocked = lock.sources.some(
    (each) => each.kind === 'frontend' && each.reference === reference,
  )
  if (!isLocked) throw notLocked(`the frontend ${reference}`)
}

function notLocked(name: string): StrakeError {
  return new StrakeError('DENIED', `Cannot use ${name}: the lock file does not have it`, {
    remedy: 'add it with strake lock update, or build with --lock',
  })
}

/** Throws `DENIED` when a source has another version than in the lock. */
export function checkVersion(name: string, locked: string | undefined, actual: string): void {
  if (locked === undefined || locked === actual) return
  throw new StrakeError(
    'DENIED',
    `Cannot use ${name}: it is ${actual} now, and ${locked} in the lock file`,
    { remedy: 'see the changes with strake lock update --why' },
  )
}
