import { chownSync } from 'node:fs'
import { StrakeError } from '#oci'
import { writeFileWithMode } from '#platform'
import type { RootMount } from '#runtime'
import type { SecretMount } from '../model/mounts.ts'
import type { MountContext } from './context.ts'

/** A secret in a RUN: as a file, as a variable, or both. */
export interface OpenSecret {
  readonly mounts: readonly RootMount[]
  /** `NAME=value`. */
  readonly env: readonly string[]
}

/** An optional secret that is absent gives no mount. Throws `NOT_FOUND` and `INVALID`. */
export function openSecret(mount: SecretMount, context: MountContext): OpenSecret {
  const { id, target, env, uid, gid, mode, isRequired } = mount
  const value = context.facts.secrets.get(id)
  if (value === undefined) {
    if (!isRequired) return { mounts: [], env: [] }
    throw new StrakeError('NOT_FOUND', `Cannot run the command: the secret ${id} was not given`, {
      remedy: `build with --secret id=${id},src=FILE`,
    })
  }
  if (target === undefined) return { mounts: [], env: variable(env, value, id) }
  const source = `${context.directory}/secret.${crypto.randomUUID()}`
  writeFileWithMode(source, value, 0o600)
  chownSync(source, uid, gid)
  // Changing the owner clears bits of the mode, so the mode comes second.
  writeFileWithMode(source, value, mode)
  const file: RootMount = {
    type: 'bind',
    source,
    destination: target,
    point: 'file',
    readOnly: true,
  }
  return { mounts: [file], env: variable(env, value, id) }
}

function variable(name: string | undefined, value: Uint8Array, id: string): readonly string[] {
  if (name === undefined) return []
  if (!value.includes(0)) return [`${name}=${new TextDecoder().decode(value)}`]
  throw new StrakeError(
    'INVALID',
    `Cannot run the command: the secret ${id} has bytes that a variable cannot have`,
  )
}
