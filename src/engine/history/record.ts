import { Fields, isStrakeError, parseJson } from '#oci'

/** A build that has ended. Records are kept for two days, and the newest 50 of them. */
export interface BuildRecord {
  /** 25 digits and small letters. */
  readonly id: string
  /** The context, the Dockerfile and the target, for people. */
  readonly name: string
  readonly status: 'completed' | 'error' | 'canceled'
  readonly error?: string | undefined
  readonly startedAt: Date
  readonly completedAt: Date
  /** A directory or a URL without a password. Absent for standard input. */
  readonly context?: string | undefined
  readonly dockerfile?: string | undefined
  readonly target?: string | undefined
  readonly platforms: readonly string[]
  readonly buildArgs: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly contexts: Readonly<Record<string, string>>
  readonly noCache: boolean
  readonly network?: string | undefined
  readonly steps: StepCounts
  /** Images, commits and downloads, with what identifies them. */
  readonly materials: readonly { readonly uri: string; readonly digests: readonly string[] }[]
  /** The digest of the image or index. Absent when no output made one. */
  readonly digest?: string | undefined
  readonly names: readonly string[]
}

export interface StepCounts {
  readonly total: number
  /** Cached steps included. */
  readonly completed: number
  readonly cached: number
}

/** True for the ID of a build. It is also the name of a file, so it has no other characters. */
export function isBuildId(text: string): boolean {
  return /^[0-9a-z]{25}$/.test(text)
}

const names = [
  'id',
  'name',
  'status',
  'error',
  'startedAt',
  'completedAt',
  'context',
  'dockerfile',
  'target',
  'platforms',
  'buildArgs',
  'labels',
  'contexts',
  'noCache',
  'network',
  'steps',
  'materials',
  'digest',
  'names',
]

/** Reads the file of a record. Returns `undefined` for a file that is damaged. */
export function parseRecord(raw: Uint8Array): BuildRecord | undefined {
  try {
    const document = { what: 'a build record', code: 'INVALID' } as const
    const fields = new Fields(parseJson(raw, document.what), names, document)
    const status = statuses.find((each) => each === fields.string('status'))
    const id = fields.string('id')
    const steps = fields.object('steps', ['total', 'completed', 'cached'])
    const [started, completed] = [fields.string('startedAt'), fields.string('completedAt')]
    const [startedAt, completedAt] = [new Date(started ?? ''), new Date(completed ?? '')]
    const isTimed = !Number.isNaN(startedAt.getTime()) && !Number.isNaN(completedAt.getTime())
    if (id === undefined || !isBuildId(id) || status === undefined || !isTimed) return undefined
    const count = (name: string): number => steps?.integer(name) ?? 0
    return {
      id,
      name: fields.string('name') ?? '',
      status,
      error: fields.string('error'),
      startedAt,
      completedAt,
      context: fields.string('context'),
      dockerfile: fields.string('dockerfile'),
      target: fields.string('target'),
      platforms: fields.strings('platforms') ?? [],
      buildArgs: fields.stringMap('buildArgs') ?? {},
      labels: fields.stringMap('labels') ?? {},
      contexts: fields.stringMap('contexts') ?? {},
      noCache: fields.boolean('noCache') === true,
      network: fields.string('network'),
      steps: { total: count('total'), completed: count('completed'), cached: count('cached') },
      materials:
        fields.items('materials', (item, path) => {
          const material = new Fields(item, ['uri', 'digests'], document, path)
          return { uri: material.string('uri') ?? '', digests: material.strings('digests') ?? [] }
        }) ?? [],
      digest: fields.string('digest'),
      names: fields.strings('names') ?? [],
    }
  } catch (error) {
    if (isStrakeError(error)) return undefined
    throw error
  }
}

const statuses = ['completed', 'error', 'canceled'] as const
