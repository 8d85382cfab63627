import { chownSync } from 'node:fs'
import { StrakeError } from '#oci'
import { writeFileWithMode } from '#platform'
import type { RootMount } from '#runtime'
import type { SecretMount } from '../model/mounts.ts'
import type { MountContext } from './context.ts'

/** How a RUN sees a secret: as a file, as a variable, or both. */
export interface OpenSecret {
  readonly mounts: readonly RootMount[]
  /** `NAME=value`. */
  readonly env: readonly string[]
}

/** Nothing for a secret that was not given and need not be. Throws `NOT_FOUND`, `INVALID`. */
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
  // After the owner: changing that takes bits away.
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
    `Cannot run the command: the secret ${id} is no text that a variable could have`,
  )
}
