import { parseBoolean } from '#dockerfile/boolean'
import { suggest } from '#dockerfile/suggest'
import type { ImageForm } from '#engine/output/build-output'
import { isStrakeError, parsePlatform } from '#oci'
import { refuse } from '../flags/refuse.ts'

const flag = '--output'

/** The keys of `--output` for the form of an image, besides annotations. */
export const formKeys: readonly string[] = [
  'compression',
  'compression-level',
  'force-compression',
  'oci-mediatypes',
  'rewrite-timestamp',
  'oci-artifact',
]

const compressions = ['uncompressed', 'gzip', 'zstd', 'estargz'] as const

const highestLevel = { uncompressed: 0, gzip: 9, zstd: 22, estargz: 9 } as const

/** Reads the form from the fields of `--output`. `text` is the whole value. Throws `INVALID`. */
export function readForm(fields: ReadonlyMap<string, string>, text: string): ImageForm {
  const read = (key: string): boolean | undefined => {
    const value = fields.get(key)
    const parsed = value === undefined ? undefined : parseBoolean(value)
    if (parsed !== undefined || value === undefined) return parsed
    throw refuse(flag, text, `${key} is true or false`)
  }
  const isForced = read('force-compression')
  const named = readCompression(fields.get('compression'), text)
  const level = readLevel(fields.get('compression-level'), named, text)
  const annotations = [...fields].flatMap(([key, value]) => readAnnotation(key, value, text))
  return {
    // A level or force alone applies to the default compression.
    compression: named ?? (level !== undefined || isForced === true ? 'gzip' : undefined),
    level,
    isForced,
    mediaTypes: read('oci-mediatypes') === false ? 'docker' : undefined,
    isArtifact: read('oci-artifact'),
    rewritesTimes: read('rewrite-timestamp'),
    ...(annotations.length > 0 && { annotations }),
  }
}

function readCompression(value: string | undefined, text: string): ImageForm['compression'] {
  if (value === undefined) return undefined
  const known = compressions.find((each) => each === value)
  if (known !== undefined) return known
  throw refuse(flag, text, withGuess(`there is no compression ${value}`, value, compressions))
}

function readLevel(
  value: string | undefined,
  compression: ImageForm['compression'],
  text: string,
): number | undefined {
  if (value === undefined) return undefined
  const name = compression ?? 'gzip'
  const level = /^\d{1,2}$/.test(value) ? Number(value) : Number.NaN
  // For zstd, 0 stands for its usual level.
  if (level <= highestLevel[name]) return level === 0 && name === 'zstd' ? 3 : level
  throw refuse(flag, text, `compression-level is 0 to ${highestLevel[name]} for ${name}`)
}

const targets = ['manifest', 'index', 'manifest-descriptor', 'index-descriptor'] as const

/** Reads `annotation[-TARGET][[PLATFORM]].KEY=VALUE`, BuildKit's syntax. */
function readAnnotation(
  name: string,
  value: string,
  text: string,
): NonNullable<ImageForm['annotations']> {
  if (!name.startsWith('annotation')) return []
  const match = /^annotation(?:-([a-z-]+))?(?:\[([^[\]]+)\])?\.(.+)$/.exec(name)
  if (match === null) {
    throw refuse(flag, text, `${name} is not of the form annotation[-TARGET][[PLATFORM]].KEY`)
  }
  const [, word = 'manifest', platform, key = ''] = match
  const target = targets.find((each) => each === word)
  if (target === undefined) {
    throw refuse(flag, text, withGuess(`there is no ${word} to annotate`, word, targets))
  }
  if (platform === undefined) return [{ places: [target], key, value }]
  if (target === 'index' || target === 'index-descriptor') {
    throw refuse(flag, text, `${name} names a platform, and an index is for all platforms`)
  }
  try {
    return [{ places: [target], platform: parsePlatform(platform), key, value }]
  } catch (cause) {
    if (!isStrakeError(cause)) throw cause
    throw refuse(flag, text, cause.message.replace(/^C/, 'c'))
  }
}

function withGuess(reason: string, word: string, candidates: readonly string[]): string {
  const guess = suggest(word, candidates)
  if (guess !== undefined) return `${reason} (did you mean ${guess}?)`
  return `${reason}; there are ${candidates.join(', ')}`
}
