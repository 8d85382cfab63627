import { type WaitCondition, waitForCondition } from '#engine/process/wait'
import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'
import { stream } from '../reply.ts'
import { containerId } from './find.ts'

const conditions: readonly WaitCondition[] = ['not-running', 'next-exit', 'removed']

/** `POST /containers/{id}/wait`. The head of the response comes at once, the exit code at the end. */
export async function wait(call: ApiCall): Promise<Response> {
  const text = call.query.text('condition') ?? 'not-running'
  const condition = conditions.find((one) => one === text)
  if (condition === undefined) throw new ApiError(400, `invalid condition: "${text}"`)
  const { engine, signal } = call
  // Begun before the response, so that a client that starts the container next misses nothing.
  const ended = waitForCondition(engine, containerId(call), { condition, signal })
  // Nobody reads the result when the client leaves before the response begins.
  ended.catch(() => {})
  return stream(result(ended, signal))
}

async function* result(ended: Promise<number>, signal: AbortSignal): AsyncGenerator<unknown> {
  try {
    yield { StatusCode: await ended }
  } catch (error) {
    if (signal.aborted) return
    yield { StatusCode: -1, Error: { Message: error instanceof Error ? error.message : 'failed' } }
  }
}
