import {
  compareLocks,
  isRemoteContext,
  type LockChange,
  nameOfSource,
  resolveSources,
  type SourceUse,
} from '#build'
import { isStrakeError } from '#oci'
import { cleanAfterBuilds } from '../begin-work.ts'
import { findAgents } from '../build/agents.ts'
import { buildOptions } from '../build/build-options.ts'
import { lookAtBase } from '../build/inspect.ts'
import type { BuildRequest } from '../build/request.ts'
import { buildServices } from '../build-services/build-services.ts'
import type { Engine } from '../engine.ts'
import { lockFileOf, lockFileToWrite, readLockFile, writeLockFile } from '../lock/lock-file.ts'

/** A changed source, and the instructions that use it. */
export interface ExplainedChange extends LockChange {
  readonly name: string
  readonly uses: readonly SourceUse[]
}

export interface UpdateLockRequest extends BuildRequest {
  /** Only returns the changes. */
  readonly dryRun?: boolean | undefined
}

export interface UpdatedLock {
  readonly file: string
  readonly changes: readonly ExplainedChange[]
}

/**
 * Writes the present versions of all sources of a Dockerfile into the lock file. Nothing is built,
 * so that what commands download keeps its versions. Throws as `build` does.
 */
export async function updateLock(engine: Engine, request: UpdateLockRequest): Promise<UpdatedLock> {
  const findFile = request.dryRun ? lockFileOf : lockFileToWrite
  const file = await findFile(request, isRemoteContext)
  const before = await readOldLock(file)
  await cleanAfterBuilds(engine)
  const services = {
    ...(await buildServices(engine)),
    resolveImage: lookAtBase(engine, { trustsOwn: true }),
  }
  await using found = await findAgents(request.agents ?? [], engine)
  const wanted = { ...request, lock: undefined, pull: request.offline !== true }
  const options = await buildOptions(engine, wanted, { services, agents: found.agents })
  const { lock, uses } = await resolveSources(options)
  const downloads = before.sources.filter(({ kind }) => kind === 'download')
  const after = { sources: [...lock.sources, ...downloads] }
  const changes = compareLocks(before, after)
  if (!request.dryRun) await writeLockFile(request, file, after)
  return {
    file,
    changes: changes.map((change) => {
      const name = nameOfSource(change.source)
      return { ...change, name, uses: uses.get(name) ?? [] }
    }),
  }
}

async function readOldLock(file: string): ReturnType<typeof readLockFile> {
  try {
    return await readLockFile(file)
  } catch (error) {
    if (isStrakeError(error, 'NOT_FOUND')) return { sources: [] }
    throw error
  }
}
