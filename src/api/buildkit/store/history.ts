import { recordAttributes, recordResponse } from '#docker/documents/build/bundle-record'
import type { Engine } from '#engine/engine'
import { readAttachments } from '#engine/history/attachments'
import { type BuildRecord, buildHistory, buildLog, removeBuilds } from '#engine/history/history'
import { GrpcError, type Method, serverStream, unary } from '#grpc'
import type { Job } from '../jobs.ts'
import * as history from '../messages/history.ts'
import type { StatusResponse } from '../messages/status.ts'
import { BuildProgress } from '../progress/build-progress.ts'
import { timestamp } from '../progress/timestamp.ts'
import type { Services } from '../services.ts'

/** `moby.buildkit.v1.Control`, as far as it is about recorded builds. */
export function historyMethods({ engine, jobs }: Services): readonly Method[] {
  return [
    serverStream(history.ListenBuildHistory, async function* (request, { signal }) {
      const isWanted = (ref: string): boolean => request.Ref === '' || request.Ref === ref
      // A build may end after the answer and before the client reads. The client hears of that end as well.
      const ends = jobs.ends(signal)
      for (const job of jobs.running()) if (isWanted(job.ref)) yield startedEvent(job)
      if (!request.ActiveOnly) {
        const records = (await buildHistory(engine)).filter(({ id }) => isWanted(id))
        for (const record of records.slice(0, request.Limit || undefined)) {
          yield await completedEvent(engine, record)
        }
      }
      if (request.EarlyExit) return
      for await (const ref of ends) {
        const record = isWanted(ref) ? await findRecord(engine, ref) : undefined
        if (record !== undefined) yield await completedEvent(engine, record)
      }
    }),
    unary(history.UpdateBuildHistory, async ({ Ref, Delete, Pinned }) => {
      if (Pinned)
        throw new GrpcError('UNIMPLEMENTED', 'Cannot pin a build: old records are removed')
      const record = await findRecord(engine, Ref)
      if (record === undefined) throw new GrpcError('NOT_FOUND', `no build ${Ref} is recorded`)
      if (Delete) await removeBuilds(engine, [record])
      return {}
    }),
  ]
}

/** Returns the progress of a recorded build; `undefined` when none has the reference. */
export async function replayBuild(
  engine: Engine,
  ref: string,
): Promise<readonly StatusResponse[] | undefined> {
  const record = await findRecord(engine, ref)
  if (record === undefined) return undefined
  const messages: StatusResponse[] = []
  let now = record.startedAt.getTime()
  const progress = new BuildProgress({
    build: ref,
    definition: '[internal] load build definition',
    add: (message) => messages.push(message),
    now: () => now,
  })
  const begin = now
  for (const { at, event } of buildLog(engine, record)) {
    now = begin + at
    progress.emit(event)
  }
  return messages
}

async function findRecord(engine: Engine, ref: string): Promise<BuildRecord | undefined> {
  return (await buildHistory(engine)).find(({ id }) => id === ref)
}

function startedEvent({ ref, startedAt }: Job): history.BuildHistoryEvent {
  const CreatedAt = timestamp(startedAt.getTime())
  return {
    type: history.historyEvent.started,
    record: { Ref: ref, Frontend: 'dockerfile.v0', CreatedAt },
  }
}

async function completedEvent(
  engine: Engine,
  record: BuildRecord,
): Promise<history.BuildHistoryEvent> {
  const { id, error, status, startedAt, completedAt, steps } = record
  const attestations = (await readAttachments(engine, record)).map(
    ({ descriptor, predicateType }) => ({
      mediaType: descriptor.mediaType,
      digest: descriptor.digest,
      size: descriptor.size,
      annotations: { 'in-toto.io/predicate-type': predicateType },
    }),
  )
  return {
    type: history.historyEvent.complete,
    record: {
      Ref: id,
      Frontend: 'dockerfile.v0',
      FrontendAttrs: recordAttributes(record),
      CreatedAt: timestamp(startedAt.getTime()),
      CompletedAt: timestamp(completedAt.getTime()),
      ...(error !== undefined && {
        error: {
          code: status === 'canceled' ? 1 : 2,
          // Clients tell the two by these words.
          message: status === 'canceled' ? 'context canceled' : error,
        },
      }),
      ExporterResponse: recordResponse(record),
      Result: { Attestations: attestations },
      numCachedSteps: steps.cached,
      numTotalSteps: steps.total,
      numCompletedSteps: steps.completed,
    },
  }
}
