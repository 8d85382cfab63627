import { observe } from '../observe.ts'
import { serveRegistry } from '../registry.ts'
import { openReplicatedRegistry } from '../replicated-registry.ts'
import type { ReplicaOptions } from './replica.ts'

/** Milliseconds between two deletions of what uploads and collections have left in the bucket. */
const sweepInterval = 300

/** Serves a replica until SIGTERM. */
export async function runReplica(options: ReplicaOptions): Promise<void> {
  const { bucket, database, redirects = false, timeouts, time, collect, killAt } = options
  let leaps = 0
  process.on('SIGUSR2', () => {
    leaps += 1
  })
  const now =
    time === undefined
      ? undefined
      : () => time.epoch + (Date.now() - time.since) * time.speed + leaps * time.leap
  const note = countdown(killAt)
  const served = await openReplicatedRegistry({
    bucket: {
      ...bucket,
      fetch: async (url, init) => {
        note('request')
        const answer = await fetch(url, init)
        note('answer')
        return answer
      },
    },
    database: {
      ...{ url: database, connections: 6, now, onQuery: () => note('query') },
      timeout: timeouts?.database,
    },
    redirects,
    sweepInterval,
    timeout: timeouts?.bucket,
  })
  await using opened = new AsyncDisposableStack()
  const told = await observe(
    served,
    { config: {}, source: '', allowedHosts: [], onRequest: undefined, onEvent: undefined },
    opened,
  )
  const server = await serveRegistry(served, {
    ...told,
    port: 0,
    ...(collect !== undefined && {
      collect: {
        interval: collect.interval,
        keepManifests: collect.keep,
        keepBlobs: collect.keep,
        retention: [],
      },
    }),
  })
  process.once('SIGTERM', async () => {
    await server[Symbol.asyncDispose]()
    await served[Symbol.asyncDispose]()
    process.exit(0)
  })
  process.stdout.write(`${server.url}\n`)
}

/** Returns a function that is called at every step, and ends the process at one of them. */
function countdown(killAt: ReplicaOptions['killAt']): (step: string) => void {
  if (killAt === undefined) return () => {}
  let isCounting = false
  let left = killAt.count
  process.on('SIGUSR1', () => {
    isCounting = true
    process.stdout.write('counting\n')
  })
  return (step) => {
    if (!isCounting || step !== killAt.step) return
    left -= 1
    if (left === 0) process.kill(process.pid, 'SIGKILL')
  }
}
