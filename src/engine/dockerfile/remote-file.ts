import { readRemoteText } from '#build'
import { findAgents } from '../build/agents.ts'
import { buildOptions } from '../build/build-options.ts'
import type { BuildRequest } from '../build/request.ts'
import { buildServices } from '../build-services/build-services.ts'
import type { Engine } from '../engine.ts'

/**
 * Reads a text file of a context of another machine. Returns `undefined` when the context has no
 * such file. Throws as a build from this context does.
 */
export async function readRemoteFile(
  engine: Engine,
  request: Partial<Pick<BuildRequest, 'context' | 'secrets' | 'agents' | 'signal'>>,
  name: string,
): Promise<string | undefined> {
  await using found = await findAgents(request.agents ?? [], engine)
  const services = await buildServices(engine)
  return await readRemoteText(
    await buildOptions(engine, request, { services, agents: found.agents }),
    name,
  )
}
