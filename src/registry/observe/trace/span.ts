/** A request that was answered, or what it has caused. Times are nanoseconds since 1970. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentId?: string | undefined
  /** `server` for a request that came, `client` for one that was sent, `internal` for other work. */
  readonly kind: 'server' | 'client' | 'internal'
  /** `GET manifest` */
  readonly name: string
  readonly start: bigint
  readonly end: bigint
  readonly attributes: Readonly<Record<string, string | number | undefined>>
  /** The server could not answer. */
  readonly isError: boolean
}

/**
 * Returns the body of an export of OTLP/HTTP. `service` is the name of the program.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export function formatSpans(spans: readonly Span[], service: string): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: attributesOf({ 'service.name': service }) },
        scopeSpans: [{ scope: { name: 'strake' }, spans: spans.map(describe) }],
      },
    ],
  })
}

/** The kinds of spans, and the status of one that failed. */
const kinds = { internal: 1, server: 2, client: 3 }
const failed = 2

function describe({
  traceId,
  spanId,
  parentId,
  kind,
  name,
  start,
  end,
  attributes,
  isError,
}: Span) {
  return {
    traceId,
    spanId,
    ...(parentId !== undefined && { parentSpanId: parentId }),
    name,
    kind: kinds[kind],
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(end),
    attributes: attributesOf(attributes),
    status: isError ? { code: failed } : {},
  }
}

function attributesOf(values: Span['attributes']): readonly object[] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (value === undefined) return []
    const isNumber = typeof value === 'number'
    // The JSON of Protocol Buffers has 64-bit numbers as text.
    return [{ key, value: isNumber ? { intValue: String(value) } : { stringValue: value } }]
  })
}
