import { parseBoolean } from '#dockerfile/boolean'
import type { BuildOutput } from '#engine/output/build-output'
import { isStrakeError, parseImageName } from '#oci'
import { refuse } from '../flags/refuse.ts'
import { type FlagFields, readBoolean, readFields, withGuess } from './fields.ts'
import { formKeys, readForm } from './image-form.ts'

const flag = '--output'

/** The keys of `type=image` and `type=registry`. */
const imageKeys: readonly string[] = [
  'name',
  'push',
  'push-by-digest',
  'store',
  'unpack',
  'registry.insecure',
  'name-canonical',
  'dangling-name-prefix',
  ...formKeys,
]

/** The keys of every type of output. */
const keysOf: Readonly<Record<string, readonly string[]>> = {
  local: ['dest', 'src', 'mode', 'platform-split', 'attestation-prefix'],
  tar: ['dest', 'src', 'platform-split', 'attestation-prefix'],
  oci: ['dest', 'name', 'tar', ...formKeys],
  docker: ['dest', 'name', 'tar', 'context', ...formKeys],
  image: imageKeys,
  registry: imageKeys,
  cacheonly: [],
}

/** Keys of BuildKit that work with one value only, and the reason. */
const fixed: Readonly<Record<string, { readonly value: string; readonly why: string }>> = {
  context: { value: '', why: 'this command has one store' },
  store: { value: 'true', why: 'the store always keeps the image' },
  unpack: { value: 'false', why: 'an image is unpacked when a container needs it' },
  'registry.insecure': { value: 'false', why: 'plain HTTP is for registries of this machine only' },
  'name-canonical': { value: 'false', why: 'the store records the digest of every pushed name' },
  'dangling-name-prefix': { value: '', why: 'an image without a name has an ID' },
}

/**
 * Reads `--output`: a directory, `-` for a tar archive on standard output, or `type=...` with keys
 * of this type. Throws `INVALID`, with the key or type that was probably meant.
 */
export function parseOutput(text: string): BuildOutput {
  if (!/^"?type=/.test(text)) {
    if (text === '') throw refuse(flag, text, 'it names no directory and no type')
    if (text === '-') return { kind: 'tar', isMirror: false }
    return { kind: 'local', destination: text, isMirror: false }
  }
  const given = readFields(flag, text)
  const { fields } = given
  const type = fields.get('type') ?? ''
  const keys = Object.hasOwn(keysOf, type) ? keysOf[type] : undefined
  if (keys === undefined) {
    throw refuse(flag, text, withGuess(`there is no type ${type}`, type, Object.keys(keysOf)))
  }
  for (const [key, value] of fields) {
    if (key === 'type') continue
    if (key.startsWith('annotation') && keys.includes('compression')) continue
    if (!keys.includes(key)) {
      throw refuse(flag, text, withGuess(`type=${type} has no key ${key}`, key, keys))
    }
    const only = fixed[key]
    if (only !== undefined && readWord(value) !== readWord(only.value)) {
      throw refuse(flag, text, `${key}=${value} is not supported: ${only.why}`)
    }
  }
  return readOutput(type, given)
}

/** Returns a boolean in every spelling of Go, or the text itself. */
function readWord(text: string): boolean | string {
  return parseBoolean(text) ?? text
}

function readOutput(type: string, given: FlagFields): BuildOutput {
  const { fields, text } = given
  const is = (key: string): boolean => readBoolean(given, key) ?? false
  const names = readNames(fields.get('name'), text)
  const destination = fields.get('dest') === '-' ? undefined : fields.get('dest') || undefined
  switch (type) {
    case 'local':
    case 'tar': {
      if (type === 'local' && destination === undefined) {
        throw refuse(flag, text, 'type=local needs a directory, with dest=')
      }
      const mode = fields.get('mode') ?? 'copy'
      if (mode !== 'copy' && mode !== 'delete') {
        throw refuse(flag, text, withGuess(`there is no mode ${mode}`, mode, ['copy', 'delete']))
      }
      const splitsPlatforms = fields.has('platform-split') ? is('platform-split') : undefined
      const source = readSource(fields.get('src'), text)
      const attestationPrefix = readPrefix(fields.get('attestation-prefix'), text)
      return {
        kind: type,
        destination,
        isMirror: mode === 'delete',
        splitsPlatforms,
        ...(source !== undefined && { source }),
        ...(attestationPrefix !== undefined && { attestationPrefix }),
      }
    }
    case 'oci':
    case 'docker': {
      const form = readForm(given)
      const isDirectory = fields.has('tar') && !is('tar')
      if (isDirectory && destination === undefined) {
        throw refuse(flag, text, 'tar=false needs a directory, with dest=')
      }
      // Docker loads such an image into its store.
      if (type === 'docker' && !fields.has('dest')) return storedImage({ names, form })
      return { kind: type, destination, isDirectory, names, form }
    }
    case 'cacheonly':
      return { kind: 'cacheonly' }
    default: {
      const byDigest = is('push-by-digest')
      const push = type === 'registry' || is('push') || byDigest
      return { ...storedImage({ names, form: readForm(given) }), push, byDigest }
    }
  }
}

/** A directory of the result. */
function readSource(path: string | undefined, text: string): string | undefined {
  if (path === undefined) return undefined
  if (path !== '' && !path.includes('\0')) return path
  throw refuse(flag, text, 'src is a directory of the result')
}

/** The beginning of a file's name. It cannot lead into another directory. */
function readPrefix(prefix: string | undefined, text: string): string | undefined {
  if (prefix === undefined || prefix === '') return undefined
  if (prefix.length <= 100 && !/[/\0]/.test(prefix)) return prefix
  throw refuse(flag, text, 'attestation-prefix is the beginning of a file name')
}

type ImageOutput = Extract<BuildOutput, { kind: 'image' }>

function storedImage({ names, form }: Pick<ImageOutput, 'names' | 'form'>): ImageOutput {
  return { kind: 'image', names, push: false, byDigest: false, form }
}

/**
 * Applies `--push` and `--load`: `--push` also pushes the images of the outputs, and both store
 * an image if no output does. Returns `undefined` without outputs and flags.
 */
export function withPush(
  outputs: readonly BuildOutput[],
  { push, load }: { readonly push: boolean; readonly load: boolean },
): readonly BuildOutput[] | undefined {
  if (outputs.length === 0 && !push) return undefined
  const isImage = (output: BuildOutput): output is ImageOutput => output.kind === 'image'
  const pushed = outputs.map((output) => (isImage(output) && push ? { ...output, push } : output))
  if (outputs.some(isImage) || !(push || load)) return pushed
  return [...pushed, { ...storedImage({ names: undefined, form: {} }), push }]
}

function readNames(text: string | undefined, output: string): ImageOutput['names'] {
  if (text === undefined || text === '') return undefined
  try {
    return text.split(',').map((name) => parseImageName(name.trim()))
  } catch (cause) {
    if (!isStrakeError(cause)) throw cause
    throw refuse(flag, output, cause.message.replace(/^C/, 'c'))
  }
}
