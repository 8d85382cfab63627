import { rmSync } from 'node:fs'
import { isStrakeError, StrakeError } from '#oci'
import {
  deleteElements,
  deleteElementsInBackground,
  findNft,
  forgetUdpFlows,
  netlinkProtocol,
  openNetlink,
} from '#platform'
import type { PortRequest, PublishedPort } from '../../port.ts'
import { elementsOf, encodeElement, formatRemoval } from '../ruleset.ts'
import type { AttachmentRecord, AttachmentRecords } from '../state.ts'
import { claimPorts, isSamePort, listPublished, owns } from './claim-ports.ts'

/** The network whose ports are published. */
export interface BridgePortsOptions {
  readonly table: string
  readonly records: AttachmentRecords
  /** A process passes the ports on, so that the firewall of the host applies to them. */
  readonly proxiesPorts?: boolean | undefined
}

/** The published ports of the containers of one network: in its records and in the kernel. */
export interface BridgePorts {
  /**
   * Publishes more ports of a container, all or none, and writes its record. The kernel translates
   * them where the container has an address of their family, and a process of the container's monitor
   * passes the others on. Throws `CONFLICT`.
   */
  publish(
    requests: readonly PortRequest[],
    record: AttachmentRecord,
    signal: AbortSignal | undefined,
  ): Promise<readonly PublishedPort[]>
  /** Ends some ports of a container. Established connections stay. */
  end(record: AttachmentRecord, ports: readonly PublishedPort[]): void
  /** Removes the record of a container at once, and its ports in the background. */
  removeAll(record: AttachmentRecord): void
  /** Removes published ports that belong to no container. */
  dropOrphans(): void
}

export function openBridgePorts({ table, records, proxiesPorts }: BridgePortsOptions): BridgePorts {
  return {
    async publish(requests, record, signal) {
      if (requests.length === 0) {
        records.put(record)
        return []
      }
      if (proxiesPorts) refuseSctp(requests)
      // Removing the ports later needs nft, so its absence is an error now.
      else findNft()
      using netfilter = openNetlink(netlinkProtocol.netfilter)
      const ports = await claimPorts(requests, { netfilter, table, records, record, signal })
      // Existing UDP flows would keep going to the port's previous container.
      const moved = ports.filter(({ protocol }) => protocol === 'udp')
      const numbers = moved.map(({ hostPort }) => hostPort)
      if (numbers.length > 0) forgetUdpFlows(netfilter, numbers)
      return ports
    },

    end(record, ports) {
      using netfilter = openNetlink(netlinkProtocol.netfilter)
      const isGone = (port: PublishedPort): boolean => ports.some((one) => isSamePort(one, port))
      const elements = elementsOf({ ...record, ports: record.ports.filter(isGone) })
      deleteElements(
        netfilter,
        elements.map(({ port, ip }) => encodeElement(table, port, ip)),
      )
      records.put({ ...record, ports: record.ports.filter((port) => !isGone(port)) })
    },

    removeAll(record) {
      const { containerId, ports } = record
      if (ports.length === 0) records.remove(containerId)
      else deleteInBackground(table, record, records.bury(containerId))
    },

    dropOrphans() {
      using netfilter = openNetlink(netlinkProtocol.netfilter)
      const owners = [...records.list(), ...records.listBuried().map(({ record }) => record)]
      for (const { port, ip } of listPublished(netfilter, table)) {
        if (owners.some((record) => owns(record, { port, ip }))) continue
        deleteElements(netfilter, [encodeElement(table, port, ip)])
      }
      for (const { file, record } of records.listBuried()) deleteInBackground(table, record, file)
    },
  }
}

function refuseSctp(requests: readonly PortRequest[]): void {
  const port = requests.find(({ protocol }) => protocol === 'sctp')
  if (port === undefined) return
  throw new StrakeError(
    'INVALID',
    `Cannot publish port ${port.containerPort}/sctp with port.firewall=respect: strake passes only TCP and UDP on`,
    { remedy: 'use a network without that option' },
  )
}

function deleteInBackground(table: string, record: AttachmentRecord, file: string): void {
  const elements = elementsOf(record)
  try {
    const commands = elements.map(({ port, ip }) => formatRemoval(table, port, ip))
    if (commands.length > 0) deleteElementsInBackground(commands, file)
    else rmSync(file, { force: true })
  } catch (error) {
    if (!isStrakeError(error, 'UNSUPPORTED')) throw error
    // nft is no longer installed: call the kernel directly, which takes 10 ms.
    using netfilter = openNetlink(netlinkProtocol.netfilter)
    const encoded = elements.map(({ port, ip }) => encodeElement(table, port, ip))
    deleteElements(netfilter, encoded)
    rmSync(file, { force: true })
  }
}
