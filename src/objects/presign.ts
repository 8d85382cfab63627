import { createHash, createHmac } from 'node:crypto'
import { type AwsCredentials, encodeForSignature } from './signature.ts'

/**
 * Returns a URL with which anybody can GET an object for some seconds (at most a week).
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
export function presignGet(
  url: URL,
  {
    credentials,
    region,
    now,
    seconds,
  }: {
    readonly credentials: AwsCredentials
    readonly region: string
    readonly now: Date
    readonly seconds: number
  },
): URL {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '')
  const day = time.slice(0, 8)
  const scope = `${day}/${region}/s3/aws4_request`
  const signed = new URL(url)
  const query: Readonly<Record<string, string | undefined>> = {
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${accessKeyId}/${scope}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(seconds),
    'X-Amz-Security-Token': sessionToken,
    'X-Amz-SignedHeaders': 'host',
  }
  const canonical = Object.entries(query)
    .flatMap(([name, value]) =>
      value === undefined
        ? []
        : [`${encodeForSignature(name, false)}=${encodeForSignature(value, false)}`],
    )
    .sort()
    .join('&')
  const request = [
    'GET',
    url.pathname,
    canonical,
    `host:${url.host}`,
    '',
    'host',
    'UNSIGNED-PAYLOAD',
  ].join('\n')
  const digest = createHash('sha256').update(request).digest('hex')
  const text = ['AWS4-HMAC-SHA256', time, scope, digest].join('\n')
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${secretAccessKey}`,
  )
  const signature = createHmac('sha256', key).update(text).digest('hex')
  signed.search = `${canonical}&X-Amz-Signature=${signature}`
  return signed
}
