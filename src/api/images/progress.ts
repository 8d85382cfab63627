import type { ProgressEvent } from '#stream'
import { describeFailure } from '../failure.ts'
import { stream } from '../reply.ts'
import { lineQueue, type ProgressLine } from '../streams/line-queue.ts'

/**
 * Runs work and yields its progress as lines, at last the lines that it returns. A failure is a
 * line too, because the response has begun with 200.
 */
export function progressLines(
  work: (emit: (event: ProgressEvent) => void) => Promise<readonly ProgressLine[]>,
): AsyncGenerator<ProgressLine> {
  const queue = lineQueue()
  work((event) => queue.add(linesOf(event)))
    .catch((error): readonly ProgressLine[] => [failureLine(error)])
    .then(queue.end)
  return queue.lines
}

/**
 * Answers with the progress of work as lines. Like Docker, it answers with the status of a failure
 * that comes before the first line.
 */
export async function progressResponse(
  work: (add: (lines: readonly ProgressLine[]) => void) => Promise<readonly ProgressLine[]>,
): Promise<Response> {
  const queue = lineQueue()
  const failed = Promise.withResolvers<never>()
  let isFirst = true
  const add = (lines: readonly ProgressLine[]): void => {
    if (lines.length > 0) isFirst = false
    queue.add(lines)
  }
  work(add).then(queue.end, (error) => {
    if (isFirst) failed.reject(error)
    else queue.end([failureLine(error)])
  })
  const first = await Promise.race([queue.lines.next(), failed.promise])
  return stream(withFirst(first, queue.lines))
}

async function* withFirst(
  first: IteratorResult<ProgressLine>,
  rest: AsyncGenerator<ProgressLine>,
): AsyncGenerator<ProgressLine> {
  if (first.done !== true) yield first.value
  yield* rest
}

export function failureLine(error: unknown): ProgressLine {
  const { message } = describeFailure(error)
  return { errorDetail: { message }, error: message }
}

const words = {
  download: 'Downloading',
  upload: 'Pushing',
  unpack: 'Extracting',
  compress: 'Preparing',
  read: 'Loading layer',
} as const

const endings = {
  download: 'Download complete',
  upload: 'Pushed',
  unpack: 'Pull complete',
  compress: 'Waiting',
  read: 'Loaded',
} as const

export function linesOf(event: ProgressEvent): readonly ProgressLine[] {
  if (event.type === 'status') return [{ status: event.message }]
  if (event.type === 'warning') return [{ status: `warning: ${event.message}` }]
  if (event.type !== 'transfer') return []
  const id = event.id.replace(/^sha256:/, '').slice(0, 12)
  const { action, current, total, done } = event
  if (action === 'exists') return [{ status: 'Already exists', progressDetail: {}, id }]
  if (action === 'mount') return [{ status: 'Mounted', progressDetail: {}, id }]
  if (action === 'retry') return [{ status: 'Retrying', progressDetail: {}, id }]
  if (done) return [{ status: endings[action], progressDetail: {}, id }]
  return [
    {
      status: words[action],
      progressDetail: { current, ...(total === undefined ? {} : { total }) },
      id,
    },
  ]
}
