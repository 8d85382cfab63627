import { openBuildShell, type ShellPlace } from '#build'
import { cleanAfterBuilds } from '../begin-work.ts'
import { findAgents } from '../build/agents.ts'
import { buildOptions } from '../build/build-options.ts'
import type { BuildRequest } from '../build/request.ts'
import { buildServices, layoutLease } from '../build-services/build-services.ts'
import type { Engine } from '../engine.ts'

export type { ShellPlace } from '#build'

/**
 * Builds a stage until a place and opens a shell on the result, with the terminal of this process.
 * Stores no image, and keeps nothing that the shell changes. Returns the exit code of the shell.
 */
export async function buildShell(
  engine: Engine,
  request: BuildRequest,
  shellAt: ShellPlace,
): Promise<number> {
  await cleanAfterBuilds(engine)
  await using layouts = await layoutLease(engine, request)
  const services = await buildServices(engine, layouts)
  await using found = await findAgents(request.agents ?? [], engine)
  const options = await buildOptions(engine, request, { services, agents: found.agents })
  const onOpen = ({ name }: { readonly name: string }): void => request.onShell?.('after', name)
  return await openBuildShell({ ...options, shellAt, onOpen })
}
