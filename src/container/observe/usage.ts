import { readFileSync } from 'node:fs'
import { isSystemError } from '#platform'
import { type CgroupUsage, cgroupUsage } from '#runtime'
import { type Container, groupOf, isRunning } from '../model/record.ts'

/** The resource use of a container at one moment. Network bytes are absent if it has no network of its own. */
export interface ContainerUsage extends CgroupUsage {
  /** Milliseconds of a clock that never goes back. */
  readonly at: number
  readonly received?: number | undefined
  readonly sent?: number | undefined
}

/** Returns `undefined` for a container that does not run. */
export function readContainerUsage(container: Container): ContainerUsage | undefined {
  if (!isRunning(container)) return undefined
  const usage = cgroupUsage(groupOf(container))
  if (usage === undefined) return undefined
  return { ...usage, at: performance.now(), ...networkBytes(container) }
}

function networkBytes({ settings, state }: Container): Pick<ContainerUsage, 'received' | 'sent'> {
  if (settings.network === 'host' || state.process === undefined) return {}
  try {
    return parseDevices(readFileSync(`/proc/${state.process.pid}/net/dev`, 'latin1'))
  } catch (error) {
    // The process has just ended.
    if (isSystemError(error, 'ENOENT', 'EINVAL', 'ESRCH')) return {}
    throw error
  }
}

/** Sums the bytes of all interfaces of `/proc/PID/net/dev` but the loopback. */
export function parseDevices(text: string): { readonly received: number; readonly sent: number } {
  let received = 0
  let sent = 0
  for (const [, name, counters = ''] of text.matchAll(/^\s*([^:\s]+):\s*(.*)$/gm)) {
    if (name === 'lo') continue
    const numbers = counters.split(/\s+/).map(Number)
    received += numbers[0] ?? 0
    sent += numbers[8] ?? 0
  }
  return { received, sent }
}
