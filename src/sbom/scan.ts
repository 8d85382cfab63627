import { formatPackageUrl } from '#oci'
import { apk, dpkg } from './distribution-packages.ts'
import { goBinary } from './go-binary.ts'
import { npm, python } from './language-packages.ts'
import { type Distribution, osReleasePaths, readOsRelease } from './os-release.ts'
import {
  type Cataloger,
  type FoundPackage,
  readText,
  ScanError,
  type ScannedFile,
} from './package.ts'
import { rpm } from './rpm.ts'

/** A package of a tree. */
export interface ScannedPackage extends FoundPackage {
  /** The package URL. */
  readonly url: string
  /** The files that describe it, sorted, each with what it is. */
  readonly places: readonly Place[]
}

export interface Place {
  readonly path: string
  readonly source: string
}

export interface Scan {
  /** Each once, sorted by package URL. */
  readonly packages: readonly ScannedPackage[]
  readonly distribution?: Distribution | undefined
  /** Files that could not be understood, and why. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
}

const catalogers: readonly Cataloger[] = [dpkg, apk, rpm, npm, python, goBinary]

/** The most packages of a tree. A large monorepo has 50,000. */
const mostPackages = 500_000

/** The most characters of a name or a version. Registries of npm and PyPI allow 214 and fewer. */
const longestName = 1024

/** The most characters of a license or a supplier. An expression of 100 licenses has fewer. */
const longestText = 8192

const largestOsRelease = 65_536

/** True for a file that `scanFiles` reads. Others need not be opened. */
export function isScanned(file: ScannedFile): boolean {
  return osReleasePaths.includes(file.path) || catalogers.some((each) => each.wants(file))
}

/**
 * Finds the packages that files describe. A file that is damaged is skipped, so that one bad file
 * does not prevent the document. The result depends on the files alone, not on their order.
 */
export async function scanFiles(files: AsyncIterable<ScannedFile>): Promise<Scan> {
  const found: { readonly one: FoundPackage; readonly place: Place }[] = []
  const skipped: { readonly path: string; readonly reason: string }[] = []
  const releases = new Map<string, Distribution | undefined>()
  for await (const file of files) {
    const { path } = file
    try {
      if (osReleasePaths.includes(path)) {
        releases.set(path, readOsRelease(await readText(file, largestOsRelease)))
      }
      for (const { source, wants, read } of catalogers) {
        if (!wants(file)) continue
        for await (const one of read(file)) {
          if (found.length >= mostPackages) throw new ScanError('there are too many packages')
          found.push({ one: bounded(one), place: { path, source } })
        }
      }
    } catch (error) {
      if (!(error instanceof ScanError)) throw error
      skipped.push({ path, reason: error.message })
    }
  }
  const distribution = osReleasePaths.map((path) => releases.get(path)).find((each) => each)
  return { packages: merged(found, distribution), distribution, skipped }
}

/** Thousands of packages with the longest possible texts would fill the memory. */
function bounded(one: FoundPackage): FoundPackage {
  const { name, version, qualifiers = {}, license, supplier } = one
  for (const text of [name, version, ...Object.values(qualifiers)]) {
    if (text !== undefined && text.length > longestName) {
      throw new ScanError(`a name in it has more than ${longestName} characters`)
    }
  }
  return { ...one, license: shortened(license), supplier: shortened(supplier) }
}

function shortened(text: string | undefined): string | undefined {
  return text === undefined || text.length <= longestText ? text : `${text.slice(0, 500)}…`
}

function merged(
  found: readonly { readonly one: FoundPackage; readonly place: Place }[],
  distribution: Distribution | undefined,
): readonly ScannedPackage[] {
  const byUrl = new Map<string, { one: FoundPackage; places: Place[] }>()
  for (const { one, place } of found) {
    const url = packageUrl(one, distribution)
    const known = byUrl.get(url)
    if (known === undefined) byUrl.set(url, { one, places: [place] })
    else if (!known.places.some(({ path }) => path === place.path)) known.places.push(place)
  }
  return [...byUrl]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([url, { one, places }]) => ({
      ...one,
      url,
      places: places.sort((a, b) => (a.path < b.path ? -1 : 1)),
    }))
}

function packageUrl(
  { type, name, version, qualifiers = {} }: FoundPackage,
  distribution: Distribution | undefined,
): string {
  const { id, version: release } = distribution ?? {}
  switch (type) {
    case 'deb':
    case 'apk':
    case 'rpm': {
      const distro = id === undefined ? undefined : release ? `${id}-${release}` : id
      const all = { ...qualifiers, distro }
      return formatPackageUrl({ type, namespace: id, name, version, qualifiers: all })
    }
    case 'pypi':
      return formatPackageUrl({ type, name: name.toLowerCase().replace(/[-_.]+/g, '-'), version })
    case 'npm':
    case 'golang': {
      const parts = name.split('/')
      const [own = '', space] = [parts.at(-1), parts.slice(0, -1).join('/')]
      return formatPackageUrl({ type, namespace: space, name: own, version })
    }
  }
}
