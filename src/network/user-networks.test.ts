import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Attachment } from './model.ts'
import { type Driver, missingForTests, openTestbed, type Testbed } from './testing/testbed.ts'
import { bridgeOf, tableOf, type UserNetwork } from './user-network.ts'

const reason = missingForTests()
if (reason) console.info(`skipped: networks of users: ${reason}`)

describe.skipIf(reason !== undefined)('networks of users', () => {
  let bed: Testbed
  let driver: Driver
  beforeAll(() => {
    bed = openTestbed()
    driver = bed.openDriver()
  })
  afterAll(async () => {
    await driver[Symbol.asyncDispose]()
    await bed[Symbol.asyncDispose]()
  })

  const back: UserNetwork = {
    ...{
      id: 'b'.repeat(64),
      name: 'back',
      ipv4: { subnet: '10.100.1.0/24', gateway: '10.100.1.1' },
    },
    isInternal: false,
  }
  const inner: UserNetwork = {
    ...{
      id: 'c'.repeat(64),
      name: 'inner',
      ipv4: { subnet: '10.100.2.0/24', gateway: '10.100.2.1' },
    },
    isInternal: true,
  }
  const apart: UserNetwork = {
    ...{
      id: 'd'.repeat(64),
      name: 'apart',
      ipv4: { subnet: '10.100.3.0/24', gateway: '10.100.3.1' },
    },
    ...{ isInternal: false, isIsolating: true, keepsAddresses: true, mtu: 1400 },
  }

  async function attach(
    containerId: string,
    ...joined: readonly { readonly network: UserNetwork; readonly ip: string }[]
  ): Promise<Attachment> {
    const options = { containerId, kind: 'bridge' } as const
    const { value, error } = await driver.call({ method: 'attach', options, joined })
    if (error !== undefined) throw new Error(error.message)
    return value as Attachment
  }

  test('attach() joins several; the default route is that of the first name with a way outside', async () => {
    const made = await attach(
      'several',
      { network: inner, ip: '10.100.2.5' },
      { network: back, ip: '10.100.1.5' },
    )
    expect(made.networks.map(({ device, ip }) => `${device} ${ip}`)).toEqual([
      'eth0 10.100.2.5',
      'eth1 10.100.1.5',
    ])
    const routes = bed.exec(String(made.netnsPath), 'ip', 'route')
    expect(routes).toStartWith('default via 10.100.1.1 dev eth1')
    await bed.serve(bed.outside, 'tcp', 7001, 'outside')
    expect(await bed.ask(String(made.netnsPath), 'tcp', '198.51.100.2', 7001)).toBe(
      'outside 198.51.100.1',
    )
  }, 30_000)

  test('attach() keeps containers of one network apart if it says so', async () => {
    const one = await attach('one', { network: apart, ip: '10.100.3.5' })
    const two = await attach('two', { network: apart, ip: '10.100.3.6' })
    const path = String(two.netnsPath)
    await bed.serve(String(one.netnsPath), 'tcp', 7002, 'one')
    await bed.serve(bed.host, 'tcp', 7003, 'host')
    expect(await bed.ask(path, 'tcp', '10.100.3.5', 7002)).toBeUndefined()
    expect(await bed.ask(path, 'tcp', '10.100.3.1', 7003)).toBe('host 10.100.3.6')
    expect(bed.exec(String(one.netnsPath), 'ip', '-o', 'link', 'show', 'eth0')).toContain(
      'mtu 1400',
    )
    const rules = bed.exec(bed.host, 'nft', 'list', 'table', 'ip', tableOf(apart.id))
    expect(rules).not.toContain('ip saddr 10.100.3.0/24 oifname != ')
  }, 30_000)

  test('attach() restores the rules of a network after another program has removed them', async () => {
    bed.exec(bed.host, 'nft', 'flush', 'ruleset')
    await attach('later', { network: inner, ip: '10.100.2.6' })
    const rules = bed.exec(bed.host, 'nft', 'list', 'table', 'ip', tableOf(inner.id))
    expect(rules).toContain(`oifname != "${bridgeOf(inner)}" drop`)
  }, 30_000)

  test('cleanStale() removes the networks that are not in the list, with all their parts', async () => {
    await driver.call({ method: 'cleanStale', liveIds: [], networks: [apart] })
    const links = bed.exec(bed.host, 'ip', '-o', 'link')
    const tables = bed.exec(bed.host, 'nft', 'list', 'tables')
    for (const { id } of [back, inner]) {
      expect(links).not.toContain(bridgeOf({ id }))
      expect(tables).not.toContain(tableOf(id))
    }
    expect(links).toContain(bridgeOf(apart))
    const directories = readdirSync(join(bed.run, 'network')).filter((name) => name.length === 64)
    expect(directories).toEqual([apart.id])
    await driver.call({ method: 'remove' })
    expect(bed.exec(bed.host, 'ip', '-o', 'link')).not.toContain(bridgeOf(apart))
  }, 30_000)
})
