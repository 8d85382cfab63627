import { expect, test } from 'bun:test'
import { parseNetworkBody } from './network-body.ts'

test('parseNetworkBody() reads the addresses of both families and the kind of a network', () => {
  const parsed = parseNetworkBody({
    Name: 'n',
    Internal: true,
    Attachable: true,
    EnableIPv6: true,
    Labels: { a: 'b' },
    Options: { 'com.docker.network.driver.mtu': '1400' },
    IPAM: {
      Driver: 'default',
      Config: [
        {
          Subnet: '10.1.0.0/24',
          Gateway: '10.1.0.9',
          IPRange: '10.1.0.128/25',
          AuxiliaryAddresses: { host: '10.1.0.7' },
        },
        { Subnet: 'fd00:1::/64' },
      ],
    },
  })
  expect(parsed).toMatchObject({
    name: 'n',
    driver: 'bridge',
    isInternal: true,
    labels: { a: 'b' },
    options: { 'com.docker.network.driver.mtu': '1400' },
    ipv4: { subnet: '10.1.0.0/24', gateway: '10.1.0.9', ipRange: '10.1.0.128/25' },
    ipv6: { subnet: 'fd00:1::/64' },
    auxiliary: { host: '10.1.0.7' },
    traits: { isAttachable: true },
  })
})

test('parseNetworkBody() refuses two subnets of one family, and members of a wrong type', () => {
  const two = {
    Name: 'n',
    IPAM: { Config: [{ Subnet: '10.1.0.0/24' }, { Subnet: '10.2.0.0/24' }] },
  }
  expect(() => parseNetworkBody(two)).toThrow('a network has one of them in each family')
  expect(() => parseNetworkBody({ Name: 1 })).toThrow('cannot unmarshal number')
  expect(() => parseNetworkBody({ Name: 'n', IPAM: { Config: {} } })).toThrow('of type array')
})
