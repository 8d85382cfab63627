import { StrakeError } from '#oci'
import { runCommand } from '#platform'
import { readBundle, writeBundle } from './bundle/bundle-file.ts'
import { type ResourceOptions, resourceConfig } from './bundle/limits/resources.ts'
import { type RuntimeProgram, runtimeCommand } from './runtime.ts'

export interface UpdatedContainer {
  readonly id: string
  /** The directory of its bundle. */
  readonly directory: string
  /** Whether its processes run now. Otherwise only a later start sees the limits. */
  readonly isLive: boolean
}

/**
 * Gives a container other limits, now and for its next restart. Throws `INVALID` for limits that no
 * kernel accepts, and `CONFLICT` for those that this container cannot have now.
 */
export async function updateLimits(
  runtime: RuntimeProgram,
  { id, directory, isLive }: UpdatedContainer,
  options: ResourceOptions,
): Promise<void> {
  const config = readBundle(directory)
  const resources = resourceConfig(options, config.linux.resources.devices)
  if (isLive) {
    const { devices: _, ...limits } = resources
    // Without a number the runtime would keep the old limit of processes.
    const input = JSON.stringify({ pids: { limit: -1 }, ...limits })
    const argv = runtimeCommand(runtime, 'update', '--resources', '-', id)
    const { code, stderr } = await runCommand(argv, { input })
    if (code !== 0) {
      const reason = stderr.trim().split('\n').at(-1)?.slice(0, 500) ?? ''
      throw new StrakeError('CONFLICT', `Cannot update container ${id.slice(0, 12)}: ${reason}`)
    }
  }
  writeBundle(directory, { ...config, linux: { ...config.linux, resources } })
}
