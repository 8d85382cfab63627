import { formatIpv6, ipv6Of } from '#platform'
import { type PortProtocol, type PortTarget, protocolNumbers } from '../../port.ts'

/** Encodes a port as the kernel stores it in keys: the protocol first, each padded to four bytes. */
export function encodePort(port: number, protocol?: PortProtocol): Uint8Array {
  const number = [port >> 8, port & 255, 0, 0]
  if (protocol === undefined) return Uint8Array.from(number)
  return Uint8Array.from([protocolNumbers[protocol], 0, 0, 0, ...number])
}

/** Decodes an element of one of the two maps of published ports. `isNew` means IPv6. */
export function decodePort({
  isNew,
  key,
  value,
}: {
  readonly isNew: boolean
  readonly key: Uint8Array
  readonly value: Uint8Array
}): PortTarget {
  const size = isNew ? 16 : 4
  const at = key.length > 8 ? size : 0
  const address = (bytes: Uint8Array): string =>
    isNew ? formatIpv6(ipv6Of(bytes.subarray(0, size))) : bytes.subarray(0, size).join('.')
  const all = isNew ? '::' : '0.0.0.0'
  const port = {
    hostIp: at === 0 ? all : address(key),
    protocol: protocolOf(key[at]),
    hostPort: new DataView(key.buffer, key.byteOffset).getUint16(at + 4),
    containerPort: new DataView(value.buffer, value.byteOffset).getUint16(size),
  }
  return { port, ip: address(value) }
}

function protocolOf(number: number | undefined): PortProtocol {
  const found = Object.entries(protocolNumbers).find(([, value]) => value === number)
  return (found?.[0] ?? 'tcp') as PortProtocol
}
