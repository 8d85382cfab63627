import type { ContainerDetails } from '#container'
import type { ContainerSummary } from '#engine/container/summary'
import { formatStatus } from '../columns/container-status.ts'
import { mountDocuments } from '../documents/container-mounts.ts'
import { networkDocument } from '../documents/container-network.ts'
import type { InspectDocument } from '../documents/document.ts'

/** The document of one container in Docker's list `GET /containers/json`. */
export function containerListDocument(
  summary: ContainerSummary,
  details: ContainerDetails,
): InspectDocument {
  const { health } = details
  return {
    Id: summary.id,
    Names: [`/${summary.name}`],
    Image: summary.image,
    ImageID: summary.imageId,
    ...(details.manifest === undefined ? {} : { ImageManifestDescriptor: details.manifest }),
    Command: commandText(summary.command),
    Created: Math.floor(summary.created.getTime() / 1000),
    Ports: portDocuments(summary),
    Labels: summary.labels,
    State: summary.state,
    Status: formatStatus(summary),
    HostConfig: { NetworkMode: summary.networks[0] ?? details.settings.network },
    Health: { Status: health?.Status ?? 'none', FailingStreak: health?.FailingStreak ?? 0 },
    NetworkSettings: { Networks: networkDocument(details)['Networks'] },
    Mounts: mountDocuments(details),
  }
}

/** Words with blanks are quoted, as Docker's list does. */
function commandText([path = '', ...args]: readonly string[]): string {
  const quoted = args.map((word) => (word.includes(' ') ? `'${word}'` : word))
  return [path, ...quoted].join(' ')
}

function portDocuments({ published, exposed }: ContainerSummary): readonly InspectDocument[] {
  const taken = new Set(published.map((port) => `${port.containerPort}/${port.protocol}`))
  return [
    ...published.map(({ hostIp, hostPort, containerPort, protocol }) => ({
      IP: hostIp,
      PrivatePort: containerPort,
      PublicPort: hostPort,
      Type: protocol,
    })),
    ...exposed
      .filter((port) => !taken.has(port))
      .map((port) => {
        const [number, protocol = 'tcp'] = port.split('/')
        return { IP: '', PrivatePort: Number(number), Type: protocol }
      }),
  ]
}
