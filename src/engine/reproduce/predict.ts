import { type Prediction, predictBuild } from '#build'
import { cleanAfterBuilds } from '../begin-work.ts'
import { findAgents } from '../build/agents.ts'
import { buildOptions } from '../build/build-options.ts'
import { lookAtBase } from '../build/inspect.ts'
import type { BuildRequest } from '../build/request.ts'
import { buildServices } from '../build-services/build-services.ts'
import type { Engine } from '../engine.ts'

export type { Prediction } from '#build'

/**
 * Returns which steps of a build would run, and why, in the order of the steps. Runs none. Layers
 * of base images are not pulled. Throws as `build` does.
 */
export async function predict(
  engine: Engine,
  request: BuildRequest,
): Promise<readonly Prediction[]> {
  await cleanAfterBuilds(engine)
  const services = {
    ...(await buildServices(engine)),
    resolveImage: lookAtBase(engine),
  }
  await using found = await findAgents(request.agents ?? [], engine)
  return await predictBuild(await buildOptions(engine, request, { services, agents: found.agents }))
}
