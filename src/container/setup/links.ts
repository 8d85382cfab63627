import { defaultNetwork } from '#network'
import { StrakeError } from '#oci'
import type { ContainerContext } from '../model/context.ts'
import type { ContainerLink } from '../model/options.ts'
import { type Container, getContainer, isRunning } from '../model/record.ts'
import { networksOf } from '../model/settings.ts'

/** Another container on the default network, which has no names of its own. */
export interface LinkedContainer {
  readonly alias: string
  readonly name: string
  readonly hostname: string
  readonly ip: string
  /** `80/tcp` */
  readonly exposed: readonly string[]
  readonly env: readonly string[]
}

/**
 * Finds the containers that a container is linked to on the default network. Links on other networks
 * are names of their name servers. Throws `CONFLICT` for one that does not run there, `NOT_FOUND`.
 */
export function findLinked(
  context: ContainerContext,
  { name, settings }: Pick<Container, 'name' | 'settings'>,
): readonly LinkedContainer[] {
  const choice = networksOf(settings).find((one) => one.name === defaultNetwork)
  return (choice?.links ?? []).map((link) =>
    describe(getContainer(context, link.container), link, name),
  )
}

function describe(other: Container, { alias }: ContainerLink, name: string): LinkedContainer {
  const place = other.state.network?.networks.find((one) => one.name === defaultNetwork)
  if (!isRunning(other) || place === undefined) {
    const reason = isRunning(other) ? 'is not on the default network' : 'is not running'
    throw new StrakeError(
      'CONFLICT',
      `Cannot start container ${name}: it is linked to ${other.name}, which ${reason}`,
      {
        remedy: isRunning(other)
          ? 'connect both to a network, where containers find each other by their names'
          : `strake start ${other.name}`,
      },
    )
  }
  const { hostname, exposed, env } = other.settings
  return { alias, name: other.name, hostname, ip: place.ip ?? place.ipv6?.ip ?? '', exposed, env }
}

/** Replaces the name in a link by the ID of the container. Throws `NOT_FOUND`. */
export function linkTo(
  context: Pick<ContainerContext, 'root' | 'run' | 'records'>,
  { container, alias }: ContainerLink,
): ContainerLink {
  const { id, name } = getContainer(context, container)
  return { container: id, alias, name }
}

/** The names of a linked container in `/etc/hosts`. */
export function namesOfLinked({ alias, name, hostname }: LinkedContainer): readonly string[] {
  return [...new Set([alias, hostname, name])]
}

/** Variables that say nothing about the other program. */
const ownVariables = new Set(['HOME', 'HOSTNAME', 'PATH'])

/** The variables that describe linked containers, by the rules of Docker's links. */
export function linkVariables(name: string, links: readonly LinkedContainer[]): readonly string[] {
  return links.flatMap((link) => {
    const prefix = link.alias.toUpperCase().replaceAll('-', '_')
    const ports = portsOf(link)
    const [first] = ports
    return [
      ...(first === undefined ? [] : [`${prefix}_PORT=${urlOf(link, first)}`]),
      ...ports.flatMap((port) => portVariables(prefix, link, port)),
      `${prefix}_NAME=/${name}/${link.alias}`,
      ...link.env
        .filter((entry) => !ownVariables.has(entry.slice(0, entry.indexOf('='))))
        .map((entry) => `${prefix}_ENV_${entry}`),
    ]
  })
}

interface LinkPort {
  readonly port: number
  readonly protocol: string
}

/** The exposed ports in order, TCP first. */
function portsOf({ exposed }: LinkedContainer): readonly LinkPort[] {
  return exposed
    .map((text) => {
      const [port = '', protocol = 'tcp'] = text.split('/')
      return { port: Number(port), protocol }
    })
    .toSorted(
      (a, b) => Number(b.protocol === 'tcp') - Number(a.protocol === 'tcp') || a.port - b.port,
    )
}

function urlOf({ ip }: LinkedContainer, { port, protocol }: LinkPort): string {
  return `${protocol}://${ip}:${port}`
}

function portVariables(prefix: string, link: LinkedContainer, port: LinkPort): readonly string[] {
  const name = `${prefix}_PORT_${port.port}_${port.protocol.toUpperCase()}`
  return [
    `${name}=${urlOf(link, port)}`,
    `${name}_ADDR=${link.ip}`,
    `${name}_PORT=${port.port}`,
    `${name}_PROTO=${port.protocol}`,
  ]
}
