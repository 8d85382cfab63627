import type { AwsCredentials } from '#objects'
import { StrakeError } from '#oci'
import { readPlainFile } from '#platform'
import type { Engine } from '../../engine.ts'

/** Bytes of a file of credentials. */
const mostBytes = 1024 * 1024

/**
 * Finds credentials as the programs of Amazon do: those of the user, of the environment, or of a
 * profile in a file. Throws `UNAUTHORIZED` when there are none.
 */
export function findAwsCredentials(
  env: Engine['env'],
  given: AwsCredentials | undefined,
): AwsCredentials {
  if (given !== undefined) return given
  const accessKeyId = env['AWS_ACCESS_KEY_ID']
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY']
  if (accessKeyId && secretAccessKey) {
    return { accessKeyId, secretAccessKey, sessionToken: env['AWS_SESSION_TOKEN'] || undefined }
  }
  const file = env['AWS_SHARED_CREDENTIALS_FILE'] || `${env['HOME'] ?? ''}/.aws/credentials`
  const profile = env['AWS_PROFILE'] || 'default'
  const found = readProfile(readPlainFile(file, mostBytes) ?? '', profile)
  if (found !== undefined) return found
  throw new StrakeError('UNAUTHORIZED', 'Cannot use a cache of type s3: there are no credentials', {
    remedy: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  })
}

/** Reads one section of an INI file. */
export function readProfile(text: string, profile: string): AwsCredentials | undefined {
  const values = new Map<string, string>()
  let section = ''
  for (const line of text.split('\n').map((each) => each.trim())) {
    const header = /^\[\s*([^\]]+?)\s*\]$/.exec(line)?.[1]
    if (header !== undefined) section = header
    const [, key, value] = /^([a-z_]+)\s*=\s*(.*)$/i.exec(line) ?? []
    if (section !== profile || key === undefined || value === undefined) continue
    values.set(key.toLowerCase(), value)
  }
  const accessKeyId = values.get('aws_access_key_id')
  const secretAccessKey = values.get('aws_secret_access_key')
  if (!accessKeyId || !secretAccessKey) return undefined
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken: values.get('aws_session_token') || undefined,
  }
}
