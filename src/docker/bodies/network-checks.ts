import { isIP } from 'node:net'
import { type Fields, member, object, objects, texts } from './fields.ts'

/** Says what is wrong with the addresses and ports of a container, in Docker's words. */
export function networkProblem(body: Fields, host: Fields): string | undefined {
  return (
    modeProblem(body, host) ?? portProblem(body, host) ?? nameProblem(host) ?? endpointProblem(body)
  )
}

/** What a container cannot have of its own that uses the network or the name of another one. */
function modeProblem(body: Fields, host: Fields): string | undefined {
  const mode = member(host, 'NetworkMode', 'string') ?? ''
  const hasHostname = (member(body, 'Hostname', 'string') ?? '') !== ''
  const hasLinks = (texts(host, 'Links') ?? []).length > 0
  const linked = (kind: string): string =>
    `conflicting options: ${kind} can't be used with links. This would result in undefined behavior`
  if (mode === 'container' || mode.startsWith('container:')) {
    const conflicts: readonly (readonly [boolean, string])[] = [
      [
        mode.slice('container:'.length) === '',
        'invalid network mode: invalid container format container:<name|id>',
      ],
      [hasHostname, 'conflicting options: hostname and the network mode'],
      [hasLinks, linked('container type network')],
      [texts(host, 'Dns')?.[0] !== undefined, 'conflicting options: dns and the network mode'],
      [
        texts(host, 'ExtraHosts')?.[0] !== undefined,
        'conflicting options: custom host-to-IP mapping and the network mode',
      ],
      [
        hasMembers(host, 'PortBindings') || member(host, 'PublishAllPorts', 'boolean') === true,
        'conflicting options: port publishing and the container type network mode',
      ],
      [
        hasMembers(body, 'ExposedPorts'),
        'conflicting options: port exposing and the container type network mode',
      ],
    ]
    const problem = conflicts.find(([isConflict]) => isConflict)?.[1]
    if (problem !== undefined) return problem
  }
  if (hasHostname && member(host, 'UTSMode', 'string') === 'host') {
    return 'conflicting options: hostname and the UTS mode'
  }
  return mode === 'host' && hasLinks ? linked('host type networking') : undefined
}

function hasMembers(fields: Fields, name: string): boolean {
  return Object.keys(object(fields, name) ?? {}).length > 0
}

function portProblem(body: Fields, host: Fields): string | undefined {
  const bindings = object(host, 'PortBindings') ?? {}
  const ports = [...Object.keys(bindings), ...Object.keys(object(body, 'ExposedPorts') ?? {})]
  for (const port of ports) {
    const problem = numberProblem(port.replace(/\/\w*$/, ''))
    if (problem !== undefined) return `invalid JSON: ${problem}`
  }
  for (const port of Object.keys(bindings)) {
    for (const place of objects(bindings, port) ?? []) {
      const hostPort = member(place, 'HostPort', 'string') ?? ''
      if (hostPort !== '' && numberProblem(hostPort) !== undefined) {
        return `invalid port specification: "${hostPort}"`
      }
      const address = member(place, 'HostIp', 'string') ?? ''
      if (address !== '' && isIP(address) === 0) return unparsable(address)
    }
  }
  return undefined
}

/** A port, or a range of ports. */
function numberProblem(text: string): string | undefined {
  for (const part of text.split('-', 2)) {
    if (!/^\d+$/.test(part)) return `invalid port '${part}': invalid syntax`
    if (Number(part) > 65_535) return `invalid port '${part}': value out of range`
  }
  return undefined
}

const unparsable = (address: string): string =>
  `invalid JSON: ParseAddr("${address}"): unable to parse IP`

function nameProblem(host: Fields): string | undefined {
  const server = (texts(host, 'Dns') ?? []).find((address) => isIP(address) === 0)
  if (server !== undefined) return unparsable(server)
  for (const entry of texts(host, 'ExtraHosts') ?? []) {
    const [, name, address = ''] = /^([^:=]+)[:=](.+)$/s.exec(entry) ?? []
    if (name === undefined) return `bad format for add-host: "${entry}"`
    const plain = address.replace(/^\[(.*)\]$/, '$1')
    if (plain !== 'host-gateway' && isIP(plain) === 0) {
      return `invalid IP address in add-host: "${address}"`
    }
  }
  return undefined
}

function endpointProblem(body: Fields): string | undefined {
  const endpoints = object(object(body, 'NetworkingConfig') ?? {}, 'EndpointsConfig') ?? {}
  return Object.keys(endpoints)
    .map((name) => addressProblem(object(endpoints, name) ?? {}))
    .find((problem) => problem !== undefined)
}

/** Says what is wrong with the addresses in an `EndpointConfig`, in Docker's words. */
export function addressProblem(settings: Fields): string | undefined {
  const mac = member(settings, 'MacAddress', 'string') ?? ''
  if (mac !== '' && !/^[\da-f]{2}([:-][\da-f]{2}){5}$/i.test(mac)) {
    return `invalid JSON: address ${mac}: invalid MAC address`
  }
  const wished = object(settings, 'IPAMConfig') ?? {}
  const addresses = [
    member(wished, 'IPv4Address', 'string') ?? '',
    member(wished, 'IPv6Address', 'string') ?? '',
    ...(texts(wished, 'LinkLocalIPs') ?? []),
  ]
  const bad = addresses.find((address) => address !== '' && isIP(address) === 0)
  return bad === undefined ? undefined : unparsable(bad)
}
