import { readFile } from 'node:fs/promises'
import { parseSourcePolicy, type SourcePolicy, sourcePolicyOf } from '#build'
import { StrakeError } from '#oci'
import type { Engine } from '../engine.ts'
import type { BuildRequest } from './request.ts'

/**
 * Reads the source policy of a request, and the one that it or the environment names. The last rule
 * wins, so the file decides. Throws `NOT_FOUND` and `INVALID`.
 */
export async function readSourcePolicy(
  { sourcePolicy, sourcePolicyFile }: Pick<BuildRequest, 'sourcePolicy' | 'sourcePolicyFile'>,
  env: Engine['env'],
): Promise<SourcePolicy | undefined> {
  const file = sourcePolicyFile ?? (env['EXPERIMENTAL_BUILDKIT_SOURCE_POLICY'] || undefined)
  const given = sourcePolicy === undefined ? undefined : sourcePolicyOf(sourcePolicy)
  const named = file === undefined ? undefined : await readPolicyFile(file)
  if (given === undefined || named === undefined) return given ?? named
  return { rules: [...given.rules, ...named.rules] }
}

async function readPolicyFile(file: string): Promise<SourcePolicy> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new StrakeError('NOT_FOUND', `Cannot read the source policy ${file}`, { cause })
  })
  return parseSourcePolicy(text)
}
