import { readFileSync } from 'node:fs'
import { isSystemError } from '#platform'
import { type CgroupUsage, cgroupUsage } from '#runtime'
import { type CgroupCounters, cgroupCounters } from '#runtime/cgroup-counters'
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

/** The counters of a running container that only clients of Docker's API read. */
export interface ContainerCounters extends CgroupCounters {
  /** By the name of the interface. Absent if the container has no network of its own. */
  readonly interfaces: Readonly<Record<string, InterfaceCounters>> | undefined
}

/** Returns `undefined` for a container that does not run. */
export function readContainerCounters(container: Container): ContainerCounters | undefined {
  if (!isRunning(container)) return undefined
  const counters = cgroupCounters(groupOf(container))
  return counters && { ...counters, interfaces: readInterfaces(container) }
}

/** Bytes and packets of a network interface, seen from the container. */
export interface InterfaceCounters {
  readonly received: Traffic
  readonly sent: Traffic
}

interface Traffic {
  readonly bytes: number
  readonly packets: number
  readonly errors: number
  readonly dropped: number
}

function networkBytes(container: Container): Pick<ContainerUsage, 'received' | 'sent'> {
  const interfaces = readInterfaces(container)
  if (interfaces === undefined) return {}
  const all = Object.values(interfaces)
  return {
    received: all.reduce((sum, { received }) => sum + received.bytes, 0),
    sent: all.reduce((sum, { sent }) => sum + sent.bytes, 0),
  }
}

function readInterfaces({ settings, state }: Container): ContainerCounters['interfaces'] {
  if (settings.network === 'host' || state.process === undefined) return undefined
  try {
    return parseInterfaces(readFileSync(`/proc/${state.process.pid}/net/dev`, 'latin1'))
  } catch (error) {
    // The process has just ended.
    if (isSystemError(error, 'ENOENT', 'EINVAL', 'ESRCH')) return undefined
    throw error
  }
}

/** Reads all interfaces of `/proc/PID/net/dev` but the loopback. */
export function parseInterfaces(text: string): Readonly<Record<string, InterfaceCounters>> {
  const lines = [...text.matchAll(/^\s*([^:\s]+):\s*(.*)$/gm)]
  const entries = lines.map(([, name = '', counters = '']) => {
    const numbers = counters.split(/\s+/).map(Number)
    const traffic = (at: number): Traffic => {
      const [bytes = 0, packets = 0, errors = 0, dropped = 0] = numbers.slice(at)
      return { bytes, packets, errors, dropped }
    }
    return [name, { received: traffic(0), sent: traffic(8) }] as const
  })
  return Object.fromEntries(entries.filter(([name]) => name !== 'lo'))
}
