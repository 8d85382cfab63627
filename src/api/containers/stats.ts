import {
  type ContainerCounters,
  getContainer,
  readContainer,
  readContainerCounters,
} from '#container'
import { type ContainerStats, watchStats } from '#engine/container/stats'
import type { ApiCall } from '../call.ts'
import { reply, stream } from '../reply.ts'
import { containerId } from './find.ts'
import { type Measured, statsDocument } from './stats-document.ts'

/** Milliseconds between two measurements. Docker has the same. */
const interval = 1000

/** `GET /containers/{id}/stats`: a document each second, or one with `stream=0`. */
export async function stats(call: ApiCall): Promise<Response> {
  const { engine, query, signal } = call
  const id = containerId(call)
  const { name } = getContainer(engine, id)
  const isOne = !query.flag('stream', true)
  const isOneShot = isOne && query.flag('one-shot')
  const rounds = watchStats(engine, { names: [id], interval: isOneShot ? 1 : interval, signal })
  const documents = statsDocuments(call, rounds, { id, name, isOneShot })
  if (!isOne) return stream(documents)
  for await (const document of documents) return reply(document)
  return reply({ id, name: `/${name}` })
}

interface Subject {
  readonly id: string
  readonly name: string
  /** Nothing is compared with an earlier measurement. */
  readonly isOneShot: boolean
}

async function* statsDocuments(
  { engine, signal }: Pick<ApiCall, 'engine' | 'signal'>,
  rounds: AsyncIterable<readonly ContainerStats[]>,
  { id, name, isOneShot }: Subject,
): AsyncGenerator<unknown> {
  const counters = (): ContainerCounters | undefined => {
    const record = engine.records.containers.get(id)
    return record && readContainerCounters(readContainer(engine, record))
  }
  let before: Measured | undefined
  try {
    for await (const [one] of rounds) {
      const usage = one?.usage
      const now = { read: new Date().toISOString(), usage, counters: usage && counters() }
      const first = isOneShot ? undefined : earlier(now, one)
      yield statsDocument({ id, name }, before ?? first, now)
      before = now
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** The measurement before the first one, from which `cpuPercent` was computed. */
function earlier(now: Measured, one: ContainerStats | undefined): Measured {
  const { usage } = now
  if (usage === undefined) return now
  const nanoseconds = interval * 1_000_000
  const cpuTime = usage.cpuTime - ((one?.cpuPercent ?? 0) / 100) * nanoseconds
  return { ...now, usage: { ...usage, cpuTime, at: usage.at - interval } }
}
