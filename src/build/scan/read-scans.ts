import { parseJson, StrakeError } from '#oci'
import { type Scan, spdxDocument } from '#sbom'
import { type Bytes, toBuffer } from '#stream'
import { readTar } from '#tar'
import { scannerOutput } from '../model/scans.ts'

/** The packages of a file system, as a document. */
export interface Sbom {
  /** The name of the file: `sbom.spdx.json`. */
  readonly filename: string
  /** The document in SPDX, a value for JSON. */
  readonly document: unknown
}

/** The most bytes of the documents of one scanner. */
const largestOutput = 40 * 2 ** 20

/** The most documents of one scanner. */
const mostDocuments = 1000

/** Describes a scan of the built-in scanner. */
export function describeScan(
  name: string,
  scan: Scan,
  options: { readonly created: number; readonly version: string },
): Sbom {
  return { filename: `${name}.spdx.json`, document: spdxDocument(scan, { ...options, name }) }
}

/**
 * Reads the documents that a scanner wrote into its layer: statements of in-toto, whose claims
 * are the documents. That of the result comes first. Throws `INVALID` for other files.
 */
export async function readScans(layer: Bytes): Promise<readonly Sbom[]> {
  const found: Sbom[] = []
  let size = 0
  for await (const entry of readTar(layer)) {
    const name = new RegExp(`^(?:\\./)?${scannerOutput}/([^/]+)$`).exec(entry.path)?.[1]
    if (name === undefined || entry.type !== 'file') continue
    size += entry.size
    if (size > largestOutput) throw refuse('its documents are larger than 40 MiB')
    if (found.length === mostDocuments) throw refuse(`it wrote more than ${mostDocuments} files`)
    const raw = await toBuffer(entry.body, entry.size, name)
    found.push({ filename: name, document: claimOf(raw, name) })
  }
  const isCore = ({ filename }: Sbom): boolean => filename.split('.', 1)[0] === 'sbom'
  if (!found.some(isCore)) throw refuse('it wrote no sbom.spdx.json')
  return [...found.filter(isCore), ...found.filter((each) => !isCore(each))]
}

function claimOf(raw: Uint8Array, name: string): unknown {
  const statement = parseJson(raw, `the scanner's ${name}`)
  const isStatement =
    typeof statement === 'object' &&
    statement !== null &&
    'predicateType' in statement &&
    statement.predicateType === 'https://spdx.dev/Document' &&
    'predicate' in statement
  if (isStatement) return statement.predicate
  throw refuse(`${name} is no statement about a document of SPDX`)
}

function refuse(reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot use the SBOM scanner: ${reason}`, {
    remedy: 'name another image with generator=, or leave it out for the built-in scanner',
  })
}
