import { readBlocks } from './fields.ts'
import { type Cataloger, type FoundPackage, readText, ScanError } from './package.ts'

/** The most bytes of a `package.json`. Some have their whole README in it. */
const largestPackageJson = 8 * 2 ** 20

/** npm: `package.json` of every package in a `node_modules`. */
export const npm: Cataloger = {
  source: 'package.json',
  wants: ({ path }) => /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@.][^/]*\/package\.json$/.test(path),
  async *read(file) {
    const { name, version, license } = objectIn(await readText(file, largestPackageJson))
    // A directory of a package may have a package.json without a name.
    if (typeof name !== 'string' || typeof version !== 'string' || name === '') return
    yield { type: 'npm', name, version, license: licenseIn(license) }
  },
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch (error) {
    if (error instanceof SyntaxError) throw new ScanError('it is not JSON')
    throw error
  }
}

/** `license` was once an object with a `type`. */
function licenseIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null || !('type' in value)) return undefined
  return typeof value.type === 'string' ? value.type : undefined
}

/** The most bytes of the metadata of a Python package, with its description. */
const largestMetadata = 8 * 2 ** 20

/** pip: the metadata of wheels and eggs. */
export const python: Cataloger = {
  source: 'the metadata of a Python package',
  wants: ({ path }) =>
    /\.(?:dist-info\/METADATA|egg-info\/PKG-INFO|egg-info)$/.test(path) && path.includes('/'),
  async *read(file): AsyncGenerator<FoundPackage> {
    const [fields] = readBlocks(await readText(file, largestMetadata))
    const [name, version] = [fields?.get('Name'), fields?.get('Version')]
    if (!name || !version) return
    const stated = fields?.get('License-Expression') ?? fields?.get('License')
    const license = stated === 'UNKNOWN' || stated === '' ? undefined : stated
    yield { type: 'pypi', name, version, license }
  },
}
