import { encodeJson, sha256 } from '#oci'
import { licenseExpression } from './licenses.ts'
import type { Scan, ScannedPackage } from './scan.ts'

export interface SpdxOptions {
  /** The name of what was scanned. */
  readonly name: string
  /** Seconds since 1970. */
  readonly created: number
  /** The version of this program. */
  readonly version: string
}

/** A package of the document, with its identifier in the document. */
interface DescribedPackage {
  readonly SPDXID: string
  readonly [member: string]: unknown
}

const root = 'SPDXRef-DocumentRoot'
const unknown = 'NOASSERTION'

/**
 * Describes the packages of a tree in version 2.3 of SPDX, as a value for JSON. Equal packages and
 * options give equal documents.
 *
 * @see https://spdx.github.io/spdx-spec/v2.3/
 */
export function spdxDocument(scan: Scan, { name, created, version }: SpdxOptions): object {
  const packages = scan.packages.map(describePackage)
  const hex = sha256(encodeJson([name, created, version, packages])).slice('sha256:'.length)
  const relate = (from: string, relationshipType: string, to: string): object => ({
    spdxElementId: from,
    relationshipType,
    relatedSpdxElement: to,
  })
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name,
    documentNamespace: `https://spdx.org/spdxdocs/strake-${hex}`,
    creationInfo: {
      created: new Date(created * 1000).toISOString().replace(/\.\d+Z$/, 'Z'),
      creators: [`Tool: strake-${version}`],
    },
    packages: [describeRoot(name, scan), ...packages],
    relationships: [
      relate('SPDXRef-DOCUMENT', 'DESCRIBES', root),
      ...packages.map(({ SPDXID }) => relate(root, 'CONTAINS', SPDXID)),
    ],
  }
}

function describeRoot(name: string, { distribution, skipped }: Scan): object {
  const comments = skipped.map(({ path, reason }) => `/${path} was left out: ${reason}`)
  const system = distribution && [distribution.id, distribution.version].join(' ').trim()
  return {
    name,
    SPDXID: root,
    downloadLocation: unknown,
    filesAnalyzed: false,
    ...(system !== undefined && { summary: `a file system of ${system}` }),
    ...(comments.length > 0 && { comment: comments.join('\n') }),
    licenseConcluded: unknown,
    licenseDeclared: unknown,
    copyrightText: unknown,
  }
}

/** The most files that are named for one package. */
const mostPlaces = 20

function describePackage(found: ScannedPackage): DescribedPackage {
  const { type, name, version, license, supplier, url, places } = found
  const expression = license === undefined ? undefined : licenseExpression(license)
  const hash = sha256(new TextEncoder().encode(url)).slice('sha256:'.length).slice(0, 16)
  const id = `SPDXRef-Package-${type}-${plain(name)}-${hash}`
  const [first] = places
  const paths = places.slice(0, mostPlaces).map(({ path }) => `/${path.toWellFormed()}`)
  return {
    name: name.toWellFormed(),
    SPDXID: id,
    versionInfo: version.toWellFormed(),
    supplier: supplier ? supplierOf(supplier.toWellFormed()) : unknown,
    downloadLocation: unknown,
    filesAnalyzed: false,
    sourceInfo: `from ${first?.source ?? ''}: ${paths.join(', ')}`,
    licenseConcluded: unknown,
    licenseDeclared: expression ?? unknown,
    ...(license !== undefined &&
      expression === undefined && { licenseComments: `declared: ${shortened(license)}` }),
    copyrightText: unknown,
    externalRefs: [
      {
        referenceCategory: 'PACKAGE-MANAGER',
        referenceType: 'purl',
        referenceLocator: url,
      },
    ],
  }
}

/** `Name <address>` is a person, anything else an organization. */
function supplierOf(text: string): string {
  const [, name, address] = /^\s*([^<>]+?)\s*<([^<>\s]+)>\s*$/.exec(text) ?? []
  if (name === undefined) return `Organization: ${shortened(text)}`
  return `Person: ${shortened(name)} (${address})`
}

/** A text on one line. Some packages have a whole license in the field. */
function shortened(text: string): string {
  const line = text.toWellFormed().replace(/\s+/g, ' ').trim()
  return line.length <= 500 ? line : `${line.slice(0, 500)}…`
}

/** The characters that an identifier may have. */
function plain(name: string): string {
  return name.replace(/[^A-Za-z0-9.-]+/g, '-').slice(0, 100)
}
