import { type Attachment, proxiedPorts, readHostResolver } from '#network'
import type { WindowSize } from '#platform'
import { logAttributes } from '../logs/attributes.ts'
import { journalFields } from '../logs/journal.ts'
import type { ContainerContext } from '../model/context.ts'
import type { Container } from '../model/record.ts'
import type { ContainerSettings } from '../model/settings.ts'
import { runtimeOf } from '../process/runtime-of.ts'
import type { MonitorOrder } from '../protocol/order.ts'
import type { ResolvedMount } from './volumes.ts'

export interface OrderParts {
  readonly attachment: Attachment
  readonly overlays: readonly string[]
  readonly mounts: readonly ResolvedMount[]
  readonly keepsFilter: boolean
  readonly consoleSize?: WindowSize | undefined
  /** So many clients will connect before the container starts. */
  readonly awaitClients?: number | undefined
}

/** Returns what the monitor of a container has to know, so that it reads no records while it runs. */
export function monitorOrder(
  context: ContainerContext,
  container: Container,
  { attachment, overlays, mounts, keepsFilter, consoleSize, awaitClients = 0 }: OrderParts,
): MonitorOrder {
  const { root, run } = context
  const { id, settings } = container
  const { name, path, version, root: runtimeRoot } = runtimeOf(context, container)
  const attributes = logAttributes(container)
  return {
    id,
    root,
    run,
    runtime: { name, path, version, root: runtimeRoot },
    cgroupParent: settings.cgroupParent,
    terminal: settings.tty,
    consoleSize,
    interactive: settings.interactive,
    stdinOnce: settings.stdinOnce,
    restart: settings.restart,
    log: settings.log,
    attributes,
    journal: settings.log.driver === 'journald' ? journalFields(container, attributes) : undefined,
    health: settings.health,
    healthAction: settings.healthAction,
    stopSignal: settings.stopSignal,
    stopTimeout: settings.stopTimeout,
    shell: settings.shell,
    remove: settings.remove,
    bridged: settings.network === 'bridge',
    nameServers: nameServersOf(settings, attachment),
    proxied: proxiedPorts(attachment.ports, {
      ip: attachment.ip,
      ip6: attachment.ipv6?.ip,
      proxiesPorts: attachment.proxiesPorts,
    }),
    chainId: settings.image.chainId,
    overlays,
    anonymousVolumes: mounts.flatMap(({ anonymous, name }) => (anonymous && name ? [name] : [])),
    keepsFilter,
    awaitClients,
  }
}

/** The monitor asks from the host's network, where a server on loopback can be reached too. */
function nameServersOf(
  { dns, network }: ContainerSettings,
  { resolver }: Attachment,
): readonly string[] {
  if (dns.length > 0) return dns
  if (network !== 'bridge') return []
  const { nameservers } = readHostResolver()
  return nameservers.length > 0 ? nameservers : resolver.nameservers
}
