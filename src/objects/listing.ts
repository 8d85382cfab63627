import { StrakeError } from '#oci'

/** An object in a list of a bucket. */
export interface ListedObject {
  readonly key: string
  /** Bytes. */
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modified: number
}

/** An object that is being written in parts. */
export interface UnfinishedObject {
  readonly key: string
  readonly uploadId: string
}

/** Asks the bucket with a query and returns the document that it answers. */
export type AskBucket = (query: Readonly<Record<string, string>>) => Promise<string>

/**
 * Yields the objects whose keys begin with `prefix`, page by page.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export async function* listObjects(ask: AskBucket, prefix: string): AsyncGenerator<ListedObject> {
  for (let last = ''; ; ) {
    const after = last === '' ? {} : { 'start-after': last }
    const text = await ask({ 'list-type': '2', prefix, ...after })
    const page = elements(text, 'Contents').map((element) => ({
      key: value(element, 'Key'),
      size: Number(value(element, 'Size')),
      modified: Date.parse(value(element, 'LastModified')) || 0,
    }))
    yield* page
    if (value(text, 'IsTruncated') !== 'true') return
    last = next(page.at(-1)?.key, last)
  }
}

/**
 * Yields the objects that are being written in parts and whose keys begin with `prefix`.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
 */
export async function* listUnfinished(
  ask: AskBucket,
  prefix: string,
): AsyncGenerator<UnfinishedObject> {
  for (let [key, id] = ['', '']; ; ) {
    const after: Record<string, string> =
      key === '' ? {} : { 'key-marker': key, 'upload-id-marker': id }
    const text = await ask({ uploads: '', prefix, ...after })
    for (const element of elements(text, 'Upload')) {
      yield { key: value(element, 'Key'), uploadId: value(element, 'UploadId') }
    }
    if (value(text, 'IsTruncated') !== 'true') return
    id = next(value(text, 'NextUploadIdMarker'), id)
    key = value(text, 'NextKeyMarker')
  }
}

/** Refuses a page after which the list would begin again. */
function next(marker: string | undefined, before: string): string {
  if (marker !== undefined && marker !== '' && marker !== before) return marker
  throw new StrakeError('INVALID', 'Cannot list the bucket: its answer has no next page')
}

function elements(text: string, name: string): readonly string[] {
  return [...text.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gs'))].map(
    ([, inner = '']) => inner,
  )
}

function value(text: string, name: string): string {
  return unescapeXml(new RegExp(`<${name}>([^<]{0,4096})</${name}>`).exec(text)?.[1] ?? '')
}

export function unescapeXml(text: string): string {
  return text.replace(/&(?:#(\d{1,6})|(amp|lt|gt|quot|apos));/g, (_, code, name) =>
    name === undefined ? String.fromCodePoint(Number(code)) : (entities[name] ?? ''),
  )
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
}
