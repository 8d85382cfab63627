/** A file of a tree that is scanned. Its content is hostile. */
export interface ScannedFile {
  /** Relative to the root of the tree, without a slash at the beginning. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  readonly isExecutable: boolean
  /** Reads bytes from an offset; fewer at the end of the file. */
  read(start: number, length: number): Promise<Uint8Array>
}

/** The ecosystems whose packages are found. */
export type PackageType = 'deb' | 'apk' | 'rpm' | 'npm' | 'pypi' | 'golang'

/** A package that a file of the tree describes. */
export interface FoundPackage {
  readonly type: PackageType
  readonly name: string
  readonly version: string
  /** As the package states it, which may be no SPDX expression. */
  readonly license?: string | undefined
  readonly supplier?: string | undefined
  /** Qualifiers of its package URL. */
  readonly qualifiers?: Readonly<Record<string, string | undefined>> | undefined
}

/** Finds packages of one ecosystem. */
export interface Cataloger {
  /** What its source is called in the document. */
  readonly source: string
  wants(file: ScannedFile): boolean
  /** Throws `ScanError` for a file that is damaged. */
  read(file: ScannedFile): AsyncIterable<FoundPackage>
}

/** A file that cannot be understood. Its packages are left out. */
export class ScanError extends Error {}

/** Reads a whole file. Throws `ScanError` for a larger one. */
export async function readWhole(file: ScannedFile, most: number): Promise<Uint8Array> {
  if (file.size > most) throw new ScanError(`it is larger than ${most} bytes`)
  return await file.read(0, file.size)
}

/** Reads a whole file as text. Bytes that are not UTF-8 become replacement characters. */
export async function readText(file: ScannedFile, most: number): Promise<string> {
  return new TextDecoder().decode(await readWhole(file, most))
}
