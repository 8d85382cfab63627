import type { ReceivedMetadata } from '#grpc'
import type { SessionFacts } from '../client/client-session.ts'

const prefix = 'x-docker-expose-session-'

/** Reads the facts of a session from the headers of a request. */
export function factsOfHeaders(headers: Headers): SessionFacts {
  return readFacts({
    first: (name) => headers.get(name) ?? undefined,
    // Repeated headers are joined, and the path of a method has no comma.
    all: (name) => (headers.get(name) ?? '').split(/,\s*/),
  })
}

/** Reads the facts of a session from the metadata of a call. */
export function factsOfCall(metadata: ReceivedMetadata): SessionFacts {
  return readFacts({
    first: metadata.first,
    all: (name) => metadata.all(name).flatMap((value) => value.split(/,\s*/)),
  })
}

function readFacts({ first, all }: ReceivedMetadata): SessionFacts {
  const timeout = Number(first('x-buildkit-session-health-custom-timeout') ?? '')
  return {
    id: first(`${prefix}uuid`) ?? '',
    sharedKey: sharedKeyOf(
      first(`${prefix}sharedkey`) ?? '',
      first(`${prefix}sharedkey-encoded`) === '1',
    ),
    methods: all(`${prefix}grpc-method`).filter((method) => method !== ''),
    patience: timeout > 0 && timeout < 3_600_000 ? timeout : undefined,
  }
}

function sharedKeyOf(text: string, isEncoded: boolean): string {
  if (!isEncoded) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
