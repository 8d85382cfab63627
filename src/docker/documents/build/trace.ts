import type { Span, Trace } from '#engine/history/spans'

/** The name of the program in traces. */
const service = 'strake'

/** The traces of builds in the form that Jaeger's page imports, as `buildx history trace` prints. */
export function jaegerDocument(traces: readonly Trace[]): object {
  return { data: traces.map(jaegerTrace) }
}

function jaegerTrace({ id, spans }: Trace): object {
  return {
    traceID: id,
    spans: spans.map((span) => ({
      traceID: id,
      spanID: span.id,
      flags: 1,
      operationName: span.name,
      references:
        span.parent === undefined
          ? []
          : [{ refType: 'CHILD_OF', traceID: id, spanID: span.parent }],
      startTime: span.start * 1000,
      duration: (span.end - span.start) * 1000,
      tags: [
        ...Object.entries(span.attributes).map(([key, value]) => ({
          key,
          type:
            typeof value === 'number' ? 'int64' : typeof value === 'boolean' ? 'bool' : 'string',
          value,
        })),
        ...(span.error === undefined
          ? []
          : [
              { key: 'error', type: 'bool', value: true },
              { key: 'otel.status_code', type: 'string', value: 'ERROR' },
              { key: 'otel.status_description', type: 'string', value: span.error },
            ]),
      ],
      logs: [],
      processID: 'p0',
      warnings: null,
    })),
    processes: { p0: { serviceName: service, tags: [] } },
    warnings: null,
  }
}

/**
 * The traces of builds in OTLP's JSON, which collectors of OpenTelemetry take.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export function otlpDocument(traces: readonly Trace[]): object {
  const attributes = [{ key: 'service.name', value: { stringValue: service } }]
  const spans = traces.flatMap(({ id, spans: own }) => own.map((span) => otlpSpan(id, span)))
  return {
    resourceSpans: [
      { resource: { attributes }, scopeSpans: [{ scope: { name: service }, spans }] },
    ],
  }
}

function otlpSpan(traceId: string, span: Span): object {
  return {
    traceId,
    spanId: span.id,
    ...(span.parent !== undefined && { parentSpanId: span.parent }),
    name: span.name,
    kind: 1,
    startTimeUnixNano: `${span.start}000000`,
    endTimeUnixNano: `${span.end}000000`,
    attributes: Object.entries(span.attributes).map(([key, value]) => ({
      key,
      value:
        typeof value === 'number'
          ? { intValue: String(value) }
          : typeof value === 'boolean'
            ? { boolValue: value }
            : { stringValue: value },
    })),
    status: span.error === undefined ? { code: 1 } : { code: 2, message: span.error },
  }
}

/** The trace of a build in BuildKit's form: one JSON object a span. */
export function buildkitSpans({ id, spans }: Trace): string {
  const contextOf = (spanId: string | undefined): object => ({
    TraceID: spanId === undefined ? '0'.repeat(32) : id,
    SpanID: spanId ?? '0'.repeat(16),
    TraceFlags: '01',
    TraceState: '',
    Remote: false,
  })
  return spans
    .map((span) => ({
      Name: span.name,
      SpanContext: contextOf(span.id),
      Parent: contextOf(span.parent),
      SpanKind: 1,
      StartTime: new Date(span.start).toISOString(),
      EndTime: new Date(span.end).toISOString(),
      Attributes: Object.entries(span.attributes).map(([Key, Value]) => ({
        Key,
        Value: {
          Type: { string: 'STRING', number: 'INT64', boolean: 'BOOL' }[kindOf(Value)],
          Value,
        },
      })),
      Events: null,
      Links: null,
      Status:
        span.error === undefined
          ? { Code: 'Ok', Description: '' }
          : { Code: 'Error', Description: span.error },
      DroppedAttributes: 0,
      DroppedEvents: 0,
      DroppedLinks: 0,
      ChildSpanCount: spans.filter(({ parent }) => parent === span.id).length,
      Resource: [{ Key: 'service.name', Value: { Type: 'STRING', Value: service } }],
      InstrumentationLibrary: { Name: service, Version: '', SchemaURL: '' },
    }))
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('')
}

function kindOf(value: string | number | boolean): 'string' | 'number' | 'boolean' {
  return typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'string'
}
