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

/** Docker shows an empty list of removed objects as null. */
export function orNull<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list
}

/** Part of ECMAScript, and absent from the types of TypeScript. */
declare global {
  interface JSON {
    /** Returns a value that `JSON.stringify` writes as `text`. */
    rawJSON(text: string): unknown
  }
}

/** Formats a document in one line. */
export function toJson(document: unknown): string {
  try {
    return JSON.stringify(document)
  } catch {
    // It has a bigint. A function for each value makes the call many times slower.
    return JSON.stringify(document, (_, value) =>
      typeof value === 'bigint' ? JSON.rawJSON(`${value}`) : value,
    )
  }
}

export interface StreamOptions {
  readonly contentType?: string
  /** What comes before and after each document. */
  readonly before?: string
  readonly after?: string
}

/** A response of JSON documents, one per line unless told otherwise, sent as the documents arrive. */
export function stream(
  documents: AsyncIterable<unknown>,
  { contentType = 'application/json', before = '', after = '\r\n' }: StreamOptions = {},
): Response {
  const encoder = new TextEncoder()
  const iterator = documents[Symbol.asyncIterator]()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next()
        if (done === true) controller.close()
        else controller.enqueue(encoder.encode(`${before}${toJson(value)}${after}`))
      },
      async cancel() {
        await iterator.return?.()
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers: { 'Content-Type': contentType } })
}
