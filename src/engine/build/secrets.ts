import { stat } from 'node:fs/promises'
import { StrakeError } from '#oci'
import { isPassedDescriptor, isSystemError, openStreamFile } from '#platform'
import { keepChunks } from '#stream'
import type { Engine } from '../engine.ts'

/** The place of a secret for RUN. An ID alone names a variable of the environment, or else a file. */
export interface SecretSource {
  readonly id: string
  readonly file?: string | undefined
  /** A variable of the environment. */
  readonly env?: string | undefined
  /** The secret itself. */
  readonly value?: Uint8Array | undefined
}

type Env = Engine['env']

/** Returns the secrets by ID, the last one of each. Throws `INVALID`. */
export async function readSecrets(
  sources: readonly SecretSource[],
  env: Env,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const secrets = new Map<string, Uint8Array>()
  for (const source of sources) {
    const { id, file, env: name } = source
    if (source.value !== undefined) {
      secrets.set(id, limited(id, source.value))
      continue
    }
    const isVariable = file === undefined && env[id] !== undefined
    const variable = name ?? (isVariable ? id : undefined)
    const value =
      variable === undefined
        ? await readSecretFile(source, signal)
        : Buffer.from(env[variable] ?? '')
    secrets.set(id, limited(id, value))
  }
  return secrets
}

/** Maximal bytes of a secret, as in BuildKit. */
const maxSize = 500 * 1024

function limited(id: string, value: Uint8Array): Uint8Array {
  if (value.length > maxSize) throw refuseSecret(id, 'it is larger than 500 KiB')
  return value
}

/** Reads up to the limit. The file may be a pipe, whose size is unknown. */
async function readSecretFile(
  { id, file }: SecretSource,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const path = file ?? id
  await refuseNamedPipe(id, path)
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    using opened = await openStreamFile(path, 'r', signal)
    for await (const chunk of keepChunks(opened.read())) {
      chunks.push(chunk)
      size += chunk.length
      if (size > maxSize) break
    }
  } catch (cause) {
    if (isSystemError(cause, 'ENOENT', 'ENOTDIR')) {
      const remedy = `set the variable ${id}, or name the file: --secret id=${id},src=FILE`
      throw refuseSecret(id, `there is no ${path}`, file === undefined ? remedy : undefined)
    }
    if (isSystemError(cause, 'EISDIR')) throw refuseSecret(id, `${path} is a directory`)
    throw cause
  }
  return Buffer.concat(chunks)
}

/** Opening a named pipe or a socket could wait forever, unless the shell passes its descriptor. */
async function refuseNamedPipe(id: string, path: string): Promise<void> {
  if (isPassedDescriptor(path)) return
  const status = await stat(path).catch(() => undefined)
  if (status?.isFIFO() === true) {
    throw refuseSecret(id, `${path} is a named pipe`, 'name a file, or use src=<(command)')
  }
  if (status?.isSocket() === true) throw refuseSecret(id, `${path} is a socket`)
}

function refuseSecret(id: string, reason: string, remedy?: string): StrakeError {
  return new StrakeError('INVALID', `Cannot read the secret ${id}: ${reason}`, { remedy })
}
