import { statSync } from 'node:fs'
import { StrakeError } from '#oci'
import { isSystemError } from '#platform'
import type { ContainerContext, FoundDevice } from '../model/context.ts'
import type { Container } from '../model/record.ts'
import type { ResolvedMount } from './volumes.ts'

/** Finds the devices that a container names by CDI. Throws `NOT_FOUND` for one that this machine lacks. */
export async function findDevices(
  { findDevice }: ContainerContext,
  { name, settings }: Container,
): Promise<FoundDevice> {
  const found: FoundDevice[] = []
  for (const device of settings.cdiDevices ?? []) {
    const one = await findDevice?.(device)
    if (one === undefined) {
      throw new StrakeError(
        'NOT_FOUND',
        `Cannot start container ${name}: this machine has no device ${device}`,
        { remedy: 'describe it in a CDI specification in /etc/cdi' },
      )
    }
    found.push(one)
  }
  return {
    nodes: found.flatMap(({ nodes }) => nodes),
    env: found.flatMap(({ env }) => env),
    mounts: found.flatMap(({ mounts }) => mounts),
    hooks: found.flatMap(({ hooks }) => hooks),
  }
}

/** The files of the host that a device needs. Throws `NOT_FOUND` for one that is absent. */
export function deviceMounts({ mounts }: FoundDevice): readonly ResolvedMount[] {
  return mounts.map(({ source, destination, readOnly }) => {
    const place = { type: 'bind', source, destination, readOnly } as const
    return { ...place, kind: 'bind', anonymous: false, point: pointOf(source) }
  })
}

function pointOf(source: string): 'directory' | 'file' {
  try {
    return statSync(source).isDirectory() ? 'directory' : 'file'
  } catch (cause) {
    if (!isSystemError(cause, 'ENOENT', 'ENOTDIR')) throw cause
    throw new StrakeError('NOT_FOUND', `Cannot use a device: there is no ${source}`, { cause })
  }
}
