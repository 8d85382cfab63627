import { readBlocks, type TextFields } from './fields.ts'
import { type Cataloger, type FoundPackage, readText } from './package.ts'

/** The most bytes of a database in text. That of a whole desktop has 10 MiB. */
const largestDatabase = 128 * 2 ** 20

/** dpkg: its database, or one file for each package as in images without a package manager. */
export const dpkg: Cataloger = {
  source: 'the database of dpkg',
  wants: ({ path }) =>
    path === 'var/lib/dpkg/status' || /^var\/lib\/dpkg\/status\.d\/[^/]+(?<!\.md5sums)$/.test(path),
  async *read(file) {
    const isSingle = file.path !== 'var/lib/dpkg/status'
    for (const fields of readBlocks(await readText(file, largestDatabase))) {
      const status = fields.get('Status') ?? (isSingle ? 'install ok installed' : '')
      if (/ installed$/.test(status)) yield* debianPackage(fields)
    }
  },
}

function* debianPackage(fields: TextFields): Generator<FoundPackage> {
  const [name, version] = [fields.get('Package'), fields.get('Version')]
  if (!name || !version) return
  const source = fields.get('Source')?.replace(/ .*/, '')
  yield {
    type: 'deb',
    name,
    version,
    supplier: fields.get('Maintainer'),
    qualifiers: {
      arch: fields.get('Architecture'),
      upstream: source === name ? undefined : source,
    },
  }
}

/** apk: the packages of Alpine. */
export const apk: Cataloger = {
  source: 'the database of apk',
  wants: ({ path }) => path === 'lib/apk/db/installed' || path === 'usr/lib/apk/db/installed',
  async *read(file) {
    for (const fields of readBlocks(await readText(file, largestDatabase))) {
      const [name, version] = [fields.get('P'), fields.get('V')]
      if (!name || !version) continue
      const origin = fields.get('o')
      yield {
        type: 'apk',
        name,
        version,
        license: fields.get('L'),
        supplier: fields.get('m'),
        qualifiers: { arch: fields.get('A'), upstream: origin === name ? undefined : origin },
      }
    }
  },
}
