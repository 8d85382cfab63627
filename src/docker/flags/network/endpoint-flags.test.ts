import { expect, test } from 'bun:test'
import { parseConnection, parseNetworks } from '../network-flags.ts'
import { withDriverOption, withLinkLocal } from './endpoint-flags.ts'

test('withLinkLocal() takes link-local addresses of both families alone', () => {
  expect(withLinkLocal({ device: 'x' }, ['169.254.3.4', 'FE80:0::7'])).toEqual({
    device: 'x',
    linkLocalIps: ['169.254.3.4', 'fe80::7'],
  })
  for (const text of ['10.0.0.1', 'fd00::1', 'fec0::1', '169.254.1', '']) {
    expect(() => withLinkLocal(undefined, [text])).toThrow('169.254.0.0/16 or fe80::/10')
  }
})

test('withDriverOption() reads names and settings of an interface', () => {
  const name = 'com.docker.network.endpoint'
  expect(withDriverOption(undefined, `${name}.ifname=lan0`)).toEqual({ device: 'lan0' })
  const settings = 'net.ipv4.conf.IFNAME.log_martians=1,net.ipv6.conf.IFNAME.accept_ra=2'
  expect(withDriverOption({ device: 'a' }, `${name}.sysctls=${settings}`)).toEqual({
    device: 'a',
    sysctls: { 'ipv4/conf/IFNAME/log_martians': '1', 'ipv6/conf/IFNAME/accept_ra': '2' },
  })
  for (const text of [
    'ifname=lan0',
    `${name}.ifname=`,
    `${name}.ifname=a/b`,
    `${name}.ifname=lo`,
  ]) {
    expect(() => withDriverOption(undefined, text)).toThrow('--driver-opt')
  }
  for (const setting of ['net.ipv4.ip_forward=1', 'net.ipv4.conf.all.x=1', 'kernel.a=1', '']) {
    expect(() => withDriverOption(undefined, `${name}.sysctls=${setting}`)).toThrow('--driver-opt')
  }
})

test('parseNetworks() and parseConnection() keep the wishes of a network', () => {
  const endpoint = { linkLocalIps: ['169.254.3.4'] }
  const long = 'name=back,link-local-ip=169.254.3.4'
  expect(parseNetworks({ networks: [long] }).networks).toEqual([
    { name: 'back', endpoint, aliases: [] },
  ])
  expect(parseNetworks({ networks: ['back'], linkLocalIps: ['169.254.3.4'] }).networks).toEqual([
    { name: 'back', endpoint, aliases: [] },
  ])
  expect(parseConnection({ network: 'back', linkLocalIps: ['169.254.3.4'] })).toEqual({
    ...{ name: 'back', endpoint },
  })
})
