import type { ImageForm } from '#engine/output/build-output'
import { isStrakeError, parsePlatform } from '#oci'
import { refuse } from '../flags/refuse.ts'
import { type FlagFields, readBoolean, withGuess } from './fields.ts'

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

/** Reads the form from the fields of `--output`. Throws `INVALID`. */
export function readForm(given: FlagFields): ImageForm {
  const { fields, text } = given
  const read = (key: string): boolean | undefined => readBoolean(given, key)
  const compression = readCompression(given)
  const annotations = [...fields].flatMap(([key, value]) => readAnnotation(key, value, text))
  return {
    ...compression,
    mediaTypes: read('oci-mediatypes') === false ? 'docker' : undefined,
    isArtifact: read('oci-artifact'),
    rewritesTimes: read('rewrite-timestamp'),
    ...(annotations.length > 0 && { annotations }),
  }
}

/** Reads the keys of compression. Throws `INVALID`. */
export function readCompression(
  given: FlagFields,
): Pick<ImageForm, 'compression' | 'level' | 'isForced'> {
  const isForced = readBoolean(given, 'force-compression')
  const named = readKind(given)
  const level = readLevel(given, named)
  // A level or force alone applies to the default compression.
  const usual = level !== undefined || isForced === true ? 'gzip' : undefined
  return { compression: named ?? usual, level, isForced }
}

function readKind({ flag: name, text, fields }: FlagFields): ImageForm['compression'] {
  const value = fields.get('compression')
  if (value === undefined) return undefined
  const known = compressions.find((each) => each === value)
  if (known !== undefined) return known
  throw refuse(name, text, withGuess(`there is no compression ${value}`, value, compressions))
}

function readLevel(
  { flag: option, text, fields }: FlagFields,
  compression: ImageForm['compression'],
): number | undefined {
  const value = fields.get('compression-level')
  if (value === undefined) return undefined
  const name = compression ?? 'gzip'
  const level = /^\d{1,2}$/.test(value) ? Number(value) : Number.NaN
  // For zstd, 0 stands for its usual level.
  if (level <= highestLevel[name]) return level === 0 && name === 'zstd' ? 3 : level
  throw refuse(option, text, `compression-level is 0 to ${highestLevel[name]} for ${name}`)
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
