import { type ExecOptions, execInContainer as exec } from '#container/verbs/exec'
import type { Engine } from '../engine.ts'
import { runningContext } from './container-context.ts'
import { type ContainerEnd, describeEnd } from './end.ts'

/** Runs another process in a container. `code` is 0 if the process still runs. */
export async function execInContainer(
  engine: Engine,
  name: string,
  options: ExecOptions,
): Promise<ContainerEnd> {
  return describeEnd(await exec(await runningContext(engine), name, options))
}
