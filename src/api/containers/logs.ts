import { getContainer } from '#container'
import { type LogEntry, readContainerLogBatches } from '#engine/container/container'
import { toReadableStream } from '#stream'
import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'
import { timeOf } from '../query.ts'
import { frame, multiplexedStream, rawStream } from '../streams/frames.ts'
import { containerId } from './find.ts'

/** `GET /containers/{id}/logs`. */
export async function logs(call: ApiCall): Promise<Response> {
  const { engine, query, signal } = call
  const id = containerId(call)
  const wanted = { stdout: query.flag('stdout'), stderr: query.flag('stderr') }
  if (!wanted.stdout && !wanted.stderr) {
    throw new ApiError(400, 'Bad parameters: you must choose at least one stream')
  }
  const { tty } = getContainer(engine, id).settings
  const batches = readContainerLogBatches(engine, id, {
    follow: query.flag('follow'),
    tail: tailOf(query.text('tail')),
    since: dateOf('since', query.text('since')),
    until: dateOf('until', query.text('until')),
    signal,
  })
  const pieces = piecesOf(batches, { wanted, timestamps: query.flag('timestamps'), tty })
  return new Response(toReadableStream(pieces), {
    headers: { 'Content-Type': tty ? rawStream : multiplexedStream },
  })
}

interface PieceOptions {
  readonly wanted: Readonly<Record<LogEntry['stream'], boolean>>
  readonly timestamps: boolean
  readonly tty: boolean
}

/** The output in frames; that of a terminal without. */
export async function* piecesOf(
  batches: AsyncIterable<readonly LogEntry[]>,
  { wanted, timestamps, tty }: PieceOptions,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  for await (const entries of batches) {
    const pieces = entries
      .filter(({ stream }) => wanted[stream])
      .map(({ stream, text, time, startsLine }) => {
        const bytes = encoder.encode(
          timestamps && startsLine ? `${nineDigits(time)} ${text}` : text,
        )
        return tty ? bytes : frame(stream, bytes)
      })
    if (pieces.length > 0) yield Buffer.concat(pieces)
  }
}

/** Docker's times have nine digits after the point. */
function nineDigits(time: string): string {
  return time.replace(/(?:\.(\d+))?Z$/, (_, digits: string = '') => `.${digits.padEnd(9, '0')}Z`)
}

/** `all`, or a number of lines. Docker takes every other text for `all`. */
function tailOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** 0 is no limit, as clients send it. */
function dateOf(name: string, text: string | undefined): Date | undefined {
  const time = timeOf(name, text)
  return time === undefined || time === 0 ? undefined : new Date(time)
}
