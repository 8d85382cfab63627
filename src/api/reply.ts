export interface ReplyOptions {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** Returns a response with a JSON document. A `bigint` becomes a number of all its digits. */
export function reply(
  document: unknown,
  { status = 200, headers = {} }: ReplyOptions = {},
): Response {
  return new Response(`${toJson(document)}\n`, {
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
  })
}

/** A response without a body. */
export function done(status: 200 | 201 | 204 | 304 = 204): Response {
  return new Response(null, { status })
}

/** A text that JSON does not contain, around the digits of a `bigint`. */
const mark = '\u0000'

/** Formats a document in one line. */
export function toJson(document: unknown): string {
  const text = JSON.stringify(document, (_, value) =>
    typeof value === 'bigint' ? `${mark}${value}${mark}` : value,
  )
  return text.includes('\\u0000') ? text.replaceAll(/"\\u0000(-?\d+)\\u0000"/g, '$1') : text
}

/** A response of one JSON document per line, sent as the documents arrive. */
export function stream(
  documents: AsyncIterable<unknown>,
  contentType = 'application/json',
): Response {
  const encoder = new TextEncoder()
  const iterator = documents[Symbol.asyncIterator]()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next()
        if (done === true) controller.close()
        else controller.enqueue(encoder.encode(`${toJson(value)}\r\n`))
      },
      async cancel() {
        await iterator.return?.()
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers: { 'Content-Type': contentType } })
}
