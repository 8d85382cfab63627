import type { ContainerOutline } from '#container'
import type { ContainerSummary } from '#engine/container/summary'
import type { Descriptor } from '#oci'
import { remembered } from '#platform/remembered/remembered'
import { formatStatus } from '../columns/container-status.ts'
import { mountDocuments } from '../documents/container-mounts.ts'
import { networkDocument } from '../documents/container-network.ts'
import type { InspectDocument } from '../documents/document.ts'

/** A container in a list. */
export interface ListedContainer {
  readonly summary: ContainerSummary
  readonly outline: ContainerOutline
  /** The platform of the image; absent when the image was removed. */
  readonly manifest: Descriptor | undefined
}

/** The document of one container in Docker's list `GET /containers/json`. */
export function containerListDocument({
  summary,
  outline,
  manifest,
}: ListedContainer): InspectDocument {
  return {
    ...toDocument(outline, summary),
    Status: formatStatus(summary),
    ...(manifest === undefined ? {} : { ImageManifestDescriptor: manifest }),
  }
}

const toDocument = remembered(
  (outline: ContainerOutline, summary: ContainerSummary): InspectDocument => ({
    Id: summary.id,
    Names: [`/${summary.name}`],
    Image: summary.image,
    ImageID: summary.imageId,
    Command: commandText(summary.command),
    Created: Math.floor(summary.created.getTime() / 1000),
    Ports: portDocuments(summary),
    Labels: summary.labels,
    State: summary.state,
    HostConfig: { NetworkMode: summary.networks[0] ?? outline.settings.network },
    Health: {
      Status: outline.health?.Status ?? 'none',
      FailingStreak: outline.health?.FailingStreak ?? 0,
    },
    NetworkSettings: { Networks: networkDocument(outline)['Networks'] },
    Mounts: mountDocuments(outline),
  }),
)

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
