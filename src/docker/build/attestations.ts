import { parseBoolean } from '#dockerfile/boolean'
import { splitCsv } from '#dockerfile/csv'
import { withSuggestion } from '#dockerfile/suggest'
import {
  type AttestationOptions,
  type ProvenanceOptions,
  type SbomOptions,
  usualProvenance,
} from '#engine/attest/options'
import { parseReference } from '#oci'
import { refuse } from '../flags/refuse.ts'

/** The flags of a build about attestations. */
export interface AttestationFlags {
  readonly attest?: readonly string[] | undefined
  readonly provenance?: string | undefined
  readonly sbom?: string | undefined
  /** `BUILDKIT_ATTEST_PROVENANCE` and `BUILDKIT_ATTEST_SBOM` have the fields of a flag. */
  readonly buildArgs?: ReadonlyMap<string, string> | undefined
}

interface Given {
  readonly flag: string
  readonly text: string
  readonly type: string
  readonly fields: ReadonlyMap<string, string>
}

const types = ['provenance', 'sbom'] as const

/**
 * Reads `--attest type=TYPE,KEY=VALUE`, `--provenance` and `--sbom`. Of two flags for one type the
 * first one counts, as in buildx. Throws `INVALID`.
 */
export function parseAttestations(flags: AttestationFlags): AttestationOptions {
  const found = new Map<string, Given>()
  for (const given of readFlags(flags)) if (!found.has(given.type)) found.set(given.type, given)
  const enabled = [...found.values()].filter((given) => {
    const disabled = given.fields.get('disabled')
    return disabled === undefined || !readBoolean(given, 'disabled', disabled)
  })
  const [provenance, sbom] = types.map((type) => enabled.find((given) => given.type === type))
  return {
    ...(provenance !== undefined && { provenance: readProvenance(provenance) }),
    ...(sbom !== undefined && { sbom: readSbom(sbom) }),
  }
}

/**
 * Keys besides `generator` are parameters of the scanner. `syft` alone is the installed program; an
 * image of this name has to be named with its registry.
 */
function readSbom({ flag, text, fields }: Given): SbomOptions {
  const named = fields.get('generator') || undefined
  const isProgram = named === 'syft'
  const generator = isProgram ? undefined : named
  if (generator !== undefined) parseReference(generator)
  const parameters = [...fields].filter(([key]) => !['type', 'disabled', 'generator'].includes(key))
  for (const [key, value] of parameters) {
    if (!/^\w{1,100}$/.test(key) || value.includes('\0')) {
      throw refuse(flag, text, `${key} is no name of a parameter`)
    }
    if (generator === undefined) {
      throw refuse(flag, text, `${key} is for an image: name it with generator=`)
    }
  }
  return {
    generator,
    ...(isProgram && { program: named }),
    parameters: Object.fromEntries(parameters),
  }
}

function readFlags({ attest = [], buildArgs, ...short }: AttestationFlags): readonly Given[] {
  const long = attest.map((text): Given => {
    const fields = readFields('--attest', text)
    const type = fields.get('type') ?? ''
    if (types.some((each) => each === type)) return { flag: '--attest', text, type, fields }
    const message = type === '' ? 'it has no type' : `there is no type ${type}`
    throw refuse('--attest', text, withSuggestion(message, type, types))
  })
  const others = types.flatMap((type): Given[] => {
    const text = short[type] ?? ''
    return text === '' ? [] : [{ flag: `--${type}`, text, type, fields: readShort(type, text) }]
  })
  const inArgs = types.flatMap((type): Given[] => {
    const name = `BUILDKIT_ATTEST_${type.toUpperCase()}`
    const text = buildArgs?.get(name)
    const flag = `--build-arg ${name}`
    return text === undefined ? [] : [{ flag, text, type, fields: readFields(flag, text) }]
  })
  return [...long, ...others, ...inArgs]
}

/** `true`, `false`, or fields without the type. */
function readShort(type: string, text: string): ReadonlyMap<string, string> {
  const enabled = parseBoolean(text)
  if (enabled === undefined && !text.includes('=')) {
    throw refuse(`--${type}`, text, 'expected true, false or KEY=VALUE')
  }
  if (enabled === undefined) return readFields(`--${type}`, text)
  return new Map([['disabled', String(!enabled)]])
}

function readFields(flag: string, text: string): ReadonlyMap<string, string> {
  const words = text === '' ? [] : splitCsv(text)
  if (words === undefined) throw refuse(flag, text, 'a quote is not closed')
  return new Map(
    words.map((word) => {
      const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(word) ?? []
      if (key === '') throw refuse(flag, text, `${word === '' ? 'a field' : word} needs key=value`)
      return [/^(?:type|disabled)$/i.test(key.trim()) ? key.trim().toLowerCase() : key, value]
    }),
  )
}

const provenanceKeys = [
  'type',
  'disabled',
  'mode',
  'version',
  'builder-id',
  'filename',
  'reproducible',
  'inline-only',
  'complete-materials',
  'capture-usage',
] as const

function readProvenance(given: Given): ProvenanceOptions {
  const { flag, text, fields } = given
  for (const key of fields.keys()) {
    if (provenanceKeys.some((each) => each === key)) continue
    throw refuse(flag, text, withSuggestion(`there is no key ${key}`, key, provenanceKeys))
  }
  const is = (key: (typeof provenanceKeys)[number]): boolean => {
    const value = fields.get(key)
    return value !== undefined && readBoolean(given, key, value)
  }
  if (is('capture-usage')) throw refuse(flag, text, 'the resource use of steps is not recorded')
  return {
    mode: choose(given, 'mode', { max: 'max', full: 'max', min: 'min' }),
    version: choose(given, 'version', { v1: 'v1', 'v0.2': 'v0.2' }),
    builderId: fields.get('builder-id'),
    filename: readFilename(given),
    isReproducible: is('reproducible'),
    isInlineOnly: is('inline-only'),
    needsMaterials: is('complete-materials'),
  }
}

/** The value of a key by its word. The first one is the default. */
function choose<Value extends string>(
  { flag, text, fields }: Given,
  key: string,
  values: Readonly<Record<string, Value>>,
): Value {
  const words = Object.keys(values)
  const word = fields.get(key) ?? words[0] ?? ''
  const value = Object.hasOwn(values, word) ? values[word] : undefined
  if (value !== undefined) return value
  const message = `there is no ${key} ${word}, only ${words.join(', ')}`
  throw refuse(flag, text, withSuggestion(message, word, words))
}

function readFilename({ flag, text, fields }: Given): string {
  const name = fields.get('filename') || usualProvenance.filename
  if (name.length <= 255 && !/[/\0]/.test(name) && name !== '.' && name !== '..') return name
  throw refuse(flag, text, `${name} is no name of a file`)
}

function readBoolean({ flag, text }: Given, key: string, value: string): boolean {
  const found = parseBoolean(value)
  if (found === undefined) throw refuse(flag, text, `${key} is true or false`)
  return found
}
