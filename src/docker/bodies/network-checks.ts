import { isIP } from 'node:net'
import { type Fields, member, object, objects, texts } from './fields.ts'

/** Says what is wrong with the addresses and ports of a container, in Docker's words. */
export function networkProblem(body: Fields, host: Fields): string | undefined {
  return portProblem(body, host) ?? nameProblem(host) ?? endpointProblem(body)
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
  for (const name of Object.keys(endpoints)) {
    const mac = member(object(endpoints, name) ?? {}, 'MacAddress', 'string') ?? ''
    if (mac !== '' && !/^[\da-f]{2}([:-][\da-f]{2}){5}$/i.test(mac)) {
      return `invalid JSON: address ${mac}: invalid MAC address`
    }
  }
  return undefined
}
