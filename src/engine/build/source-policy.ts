import { readFile } from 'node:fs/promises'
import { parseSourcePolicy, type SourcePolicy } from '#build'
import { StrakeError } from '#oci'
import type { Engine } from '../engine.ts'

/** Reads the source policy that a request or the environment names. Throws `NOT_FOUND` and `INVALID`. */
export async function readSourcePolicy(
  given: string | undefined,
  env: Engine['env'],
): Promise<SourcePolicy | undefined> {
  const file = given ?? (env['EXPERIMENTAL_BUILDKIT_SOURCE_POLICY'] || undefined)
  if (file === undefined) return undefined
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new StrakeError('NOT_FOUND', `Cannot read the source policy ${file}`, { cause })
  })
  return parseSourcePolicy(text)
}
