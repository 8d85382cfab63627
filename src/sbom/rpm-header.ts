import { viewOf } from './elf.ts'
import { type FoundPackage, ScanError } from './package.ts'

/** Numbers of the members that are read. */
const tags = {
  1000: 'name',
  1001: 'version',
  1002: 'release',
  1003: 'epoch',
  1011: 'vendor',
  1014: 'license',
  1022: 'arch',
  1044: 'source',
} as const
type Member = (typeof tags)[keyof typeof tags]

const [int32, string, internationalString] = [4, 6, 9]

/** The most members of a header, as in rpm. */
const mostEntries = 65_536

/** The most bytes of a text. Longer ones are left out: members may all lead to the same bytes. */
const longestText = 8192

/**
 * Reads the header of an installed package: the number of entries, the size of the data, the
 * entries, the data. Throws `ScanError`.
 */
export function readRpmHeader(blob: Uint8Array): FoundPackage | undefined {
  if (blob.length < 8) throw new ScanError('a header of it is too short')
  const view = viewOf(blob)
  const [count, size] = [view.getUint32(0), view.getUint32(4)]
  const data = 8 + count * 16
  if (count > mostEntries || data + size > blob.length) {
    throw new ScanError('a header of it is longer than its record')
  }
  const found = new Map<Member, string>()
  for (let at = 8; at < data; at += 16) {
    const tag = view.getUint32(at)
    const member = tag in tags ? tags[tag as keyof typeof tags] : undefined
    const [type, offset] = [view.getUint32(at + 4), view.getUint32(at + 8)]
    if (member === undefined || offset >= size) continue
    const value = valueAt(blob.subarray(data, data + size), type, offset)
    if (value !== undefined) found.set(member, value)
  }
  return packageOf(found)
}

function valueAt(data: Uint8Array, type: number, offset: number): string | undefined {
  if (type === int32) {
    return offset + 4 > data.length ? undefined : String(viewOf(data).getUint32(offset))
  }
  if (type !== string && type !== internationalString) return undefined
  const text = data.subarray(offset, offset + longestText + 1)
  const end = text.indexOf(0)
  return end === -1 ? undefined : new TextDecoder().decode(text.subarray(0, end))
}

function packageOf(found: ReadonlyMap<Member, string>): FoundPackage | undefined {
  const [name, version, release] = [found.get('name'), found.get('version'), found.get('release')]
  // Keys of signers are recorded as packages.
  if (!name || !version || !release || name === 'gpg-pubkey') return undefined
  return {
    type: 'rpm',
    name,
    version: `${version}-${release}`,
    license: found.get('license'),
    supplier: found.get('vendor'),
    qualifiers: {
      arch: found.get('arch'),
      epoch: found.get('epoch'),
      upstream: found.get('source'),
    },
  }
}
