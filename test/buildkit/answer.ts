import type { Bases } from './bases.ts'
import type { ExportedImage, ImageDocument, ImageFile } from './image.ts'

/**
 * What a builder made of a Dockerfile, in a form that is the same on every machine: without times and
 * digests, and with only those files that the base image does not have.
 */
export interface Answer {
  /** The base image whose first layer the image has; absent for `FROM scratch`. */
  readonly base?: string
  readonly config: Readonly<Record<string, unknown>>
  readonly history: readonly string[]
  /** Files that the base has not, or has otherwise: a description by path. */
  readonly files: Readonly<Record<string, string>>
  /** Files that the base has and the image has not. */
  readonly removed: readonly string[]
}

/** The answer to a Dockerfile that cannot be built. The messages of two builders have nothing in common. */
export interface Refusal {
  readonly refused: true
}

/** Texts up to this many bytes are shown as they are, so that a reader can check an answer. */
const mostShownText = 120

export function answerOf({ config, files, changes }: ExportedImage, bases: Bases): Answer {
  const base = bases.roots.find(({ diffId }) => diffId === config.rootfs.diff_ids?.[0])
  const known = descriptions(base?.files ?? new Map(), bases)
  const found = descriptions(files, bases)
  const changed = [...found].filter(([path, text]) => known.get(path) !== text)
  return {
    ...(base === undefined ? {} : { base: base.name }),
    config: sorted(config.config ?? {}),
    history: describeHistory(config, changes),
    files: Object.fromEntries(changed),
    removed: [...known.keys()].filter((path) => !found.has(path)),
  }
}

/** BuildKit makes a layer without entries where a step changes nothing; others make no layer. */
function describeHistory(config: ImageDocument, changes: readonly boolean[]): string[] {
  let layer = 0
  return (config.history ?? []).map((entry) => {
    const hasChanges = entry.empty_layer !== true && changes[layer++] === true
    return describeStep(entry, hasChanges)
  })
}

function describeStep(
  entry: NonNullable<ImageDocument['history']>[number],
  hasChanges: boolean,
): string {
  const notes = [
    hasChanges ? '' : 'no changes',
    entry.author === undefined ? '' : `author ${entry.author}`,
    entry.comment ?? '',
  ]
  return `${entry.created_by ?? ''} (${notes.filter((note) => note !== '').join(', ')})`
}

/** Describes every file in one line; the second name of a hard-linked file refers to the first. */
function descriptions(files: ReadonlyMap<string, ImageFile>, bases: Bases): Map<string, string> {
  const first = new Map<ImageFile, string>()
  const lines = new Map<string, string>()
  for (const [path, file] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const other = first.get(file)
    lines.set(`/${path}`, other === undefined ? describeFile(file, bases) : `same file as ${other}`)
    if (file.type === 'file') first.set(file, other ?? `/${path}`)
  }
  return lines
}

function describeFile(file: ImageFile, bases: Bases): string {
  const mode = file.mode.toString(8).padStart(4, '0')
  const attributes = Object.entries(file.xattrs).map(([name, value]) => `${name}=${value}`)
  return [file.type, mode, file.owner, detail(file, bases), ...attributes]
    .filter((part) => part !== '')
    .join(' ')
}

function detail(file: ImageFile, bases: Bases): string {
  if (file.type === 'symlink') return `-> ${file.target}`
  if (file.type === 'character' || file.type === 'block') return file.device
  if (file.type !== 'file') return ''
  // The program differs between the releases of Debian.
  if (file.sha256 === bases.busybox) return 'the program busybox'
  const text = file.contents.toString('utf8')
  return file.contents.length <= mostShownText && Buffer.from(text).equals(file.contents)
    ? JSON.stringify(text)
    : `${file.contents.length} bytes, ${file.sha256}`
}

function sorted(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  // A member that is null, empty or absent means the same to every reader.
  const members = Object.entries(record).filter(([, value]) => !isEmpty(value))
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === '' || value === undefined) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
