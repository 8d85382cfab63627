import { readFileSync } from 'node:fs'
import type { ContainerOptions } from '#container'
import { parseBoolean } from '#dockerfile/boolean'
import { StrakeError } from '#oci'
import { isSystemError } from '#platform'
import { parseSeccompProfile } from '#runtime'
import { refuse } from './refuse.ts'

type SecurityChoice = Pick<
  NonNullable<ContainerOptions['security']>,
  'apparmor' | 'seccomp' | 'noNewPrivileges' | 'maskPaths'
>

/** Returns the bytes of the seccomp profile that an option names. */
type ReadProfile = (name: string) => Uint8Array

/**
 * Reads `--security-opt`. The last option for a subject wins. `readProfile` reads a file by
 * default; a request over a network has the profile itself in the place of a name. Throws `INVALID`.
 */
export function parseSecurityOptions(
  words: readonly string[],
  readProfile: ReadProfile = readProfileFile,
): SecurityChoice {
  let found: SecurityChoice = {}
  for (const word of words) {
    const [key = '', value = ''] = word.split(/[=:]/, 2)
    if (key === 'no-new-privileges') {
      const noNewPrivileges = parseBoolean(word === key ? 'true' : value)
      if (noNewPrivileges === undefined) {
        throw refuse('--security-opt', word, 'expected true or false')
      }
      found = { ...found, noNewPrivileges }
    } else if (key === 'seccomp' && value !== '') {
      found = { ...found, seccomp: readSeccomp(word.slice('seccomp='.length), readProfile) }
    } else if (key === 'systempaths' && value === 'unconfined') {
      found = { ...found, maskPaths: false }
    } else if (key === 'apparmor' && value !== '') {
      found = { ...found, apparmor: word.slice('apparmor='.length) }
    } else if (key !== 'label' || value === '') {
      throw refuse('--security-opt', word, 'it is unknown')
    }
  }
  return found
}

function readSeccomp(
  value: string,
  readProfile: ReadProfile,
): NonNullable<SecurityChoice['seccomp']> {
  if (value === 'unconfined' || value === 'builtin') return value
  return parseSeccompProfile(readProfile(value), value)
}

function readProfileFile(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (cause) {
    const reason = isSystemError(cause, 'ENOENT') ? 'there is no such file' : 'it cannot be opened'
    throw new StrakeError('INVALID', `Cannot read the seccomp profile ${path}: ${reason}`, {
      cause,
    })
  }
}
