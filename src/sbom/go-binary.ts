import { findSection } from './elf.ts'
import type { Cataloger, FoundPackage, ScannedFile } from './package.ts'

/** The most bytes of the list of modules in a program. */
const largestInfo = 4 * 2 ** 20

/** The smallest program that Go can make is larger. */
const smallestProgram = 100_000

/** The beginning of the section, after a byte 0xff. */
const magic = new TextEncoder().encode(' Go buildinf:')

/**
 * Go: the modules that a program was built from. Programs of Go before 1.18 have their list in
 * another form and are left out.
 */
export const goBinary: Cataloger = {
  source: 'the build information of a Go program',
  wants: ({ isExecutable, size }) => isExecutable && size >= smallestProgram,
  async *read(file) {
    const info = await readBuildInfo(file)
    if (info !== undefined) yield* modulesOf(info)
  },
}

interface BuildInfo {
  /** `go1.22.1` */
  readonly version: string
  /** Lines of fields that tabs separate. */
  readonly modules: string
}

async function readBuildInfo(file: ScannedFile): Promise<BuildInfo | undefined> {
  const section = await findSection(file, '.go.buildinfo')
  if (section === undefined) return undefined
  const size = Math.min(section.size, largestInfo)
  if (!Number.isSafeInteger(section.offset) || size < 33) return undefined
  const bytes = await file.read(section.offset, size)
  const isMarked = bytes[0] === 0xff && magic.every((byte, at) => bytes[at + 1] === byte)
  const hasTexts = ((bytes[15] ?? 0) & 2) !== 0
  if (!isMarked || !hasTexts) return undefined
  const version = readText(bytes, 32)
  const modules = version && readText(bytes, version.end)
  if (version === undefined || modules === undefined) return undefined
  // Sixteen bytes before and after the lines mark them.
  return { version: version.text, modules: modules.text.slice(16, -16) }
}

/** A text with its length before it, in the form of a varint. */
function readText(
  bytes: Uint8Array,
  start: number,
): { readonly text: string; readonly end: number } | undefined {
  let length = 0
  let at = start
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = bytes[at++]
    if (byte === undefined) return undefined
    length |= (byte & 0x7f) << shift
    if (byte < 0x80) break
  }
  const end = at + length
  if (end > bytes.length) return undefined
  // The marks are not UTF-8, and every byte is one character here. Names of modules are ASCII.
  return { text: new TextDecoder('latin1').decode(bytes.subarray(at, end)), end }
}

function* modulesOf({ version, modules }: BuildInfo): Generator<FoundPackage> {
  const go = /^go(\d[\w.-]*)/.exec(version)?.[1]
  if (go !== undefined) yield { type: 'golang', name: 'stdlib', version: go }
  let waiting: FoundPackage | undefined
  for (const line of modules.split('\n')) {
    const [kind, name = '', own = ''] = line.split('\t')
    const found: FoundPackage = { type: 'golang', name, version: own }
    const isNamed = /^[\w.~/+-]{1,300}$/.test(name)
    // A replacement follows the module that it replaces. That of a directory has no version.
    if (kind === '=>' && waiting !== undefined && isNamed && own !== '') waiting = found
    if (kind !== 'dep' && kind !== 'mod') continue
    if (waiting !== undefined) yield waiting
    waiting = isNamed ? found : undefined
  }
  if (waiting !== undefined) yield waiting
}
