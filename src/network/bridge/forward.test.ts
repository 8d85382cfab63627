import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type Driver, missingForTests, openTestbed, type Testbed } from '../testing/testbed.ts'

describe.skipIf(missingForTests() !== undefined)('attach() with a forward policy of drop', () => {
  let bed: Testbed
  let driver: Driver
  beforeEach(() => {
    bed = openTestbed()
    driver = bed.openDriver()
  })
  afterEach(async () => {
    await driver?.[Symbol.asyncDispose]()
    await bed?.[Symbol.asyncDispose]()
  })

  const ports = [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' as const }]
  const nft = (script: string) => bed.exec(bed.host, 'nft', script)
  const drop = 'type filter hook forward priority 0; policy drop;'

  async function attachWeb(): Promise<string> {
    const { netnsPath = '' } = await driver.attach({ containerId: 'web', ip: '10.89.0.2', ports })
    await bed.serve(netnsPath, 'tcp', 80, 'web')
    await bed.serve(bed.outside, 'tcp', 7000, 'outside')
    return netnsPath
  }

  async function expectTraffic(netnsPath: string): Promise<void> {
    expect(await bed.ask(bed.outside, 'tcp', '198.51.100.1', 8080)).toBe('web 198.51.100.2')
    expect(await bed.ask(netnsPath, 'tcp', '198.51.100.2', 7000)).toBe('outside 198.51.100.1')
  }

  test('it adds rules to the dropping chain once, and remove() removes them', async () => {
    nft(`add table ip filter; add chain ip filter FORWARD { ${drop} }`)
    const before = nft('list table ip filter')
    await expectTraffic(await attachWeb())
    await driver.attach({ containerId: 'second', ip: '10.89.0.3' })
    nft('delete table ip strake')
    await driver.attach({ containerId: 'third', ip: '10.89.0.4' })
    expect(nft('list table ip filter').match(/strake0/g)).toHaveLength(2)
    await driver.call({ method: 'cleanStale', liveIds: [] })
    expect((await driver.call({ method: 'remove' })).error).toBeUndefined()
    expect(nft('list table ip filter')).toBe(before)
  })

  test('it detects a policy that became drop after the bridge was created', async () => {
    const web = await attachWeb()
    nft(`add table ip filter; add chain ip filter FORWARD { ${drop} }`)
    expect(await bed.ask(bed.outside, 'tcp', '198.51.100.1', 8080)).toBeUndefined()
    await driver.attach({ containerId: 'second', ip: '10.89.0.3' })
    await expectTraffic(web)
  })

  test('it uses the DOCKER-USER chain', async () => {
    const commands = [
      'add table ip filter',
      `add chain ip filter FORWARD { ${drop} }`,
      'add chain ip filter DOCKER-USER',
      'add rule ip filter FORWARD jump DOCKER-USER',
      'add rule ip filter DOCKER-USER return',
    ]
    nft(commands.join('; '))
    const before = nft('list chain ip filter FORWARD')
    await expectTraffic(await attachWeb())
    expect(nft('list chain ip filter FORWARD')).toBe(before)
    expect(nft('list chain ip filter DOCKER-USER').match(/strake0/g)).toHaveLength(2)
  })

  test('it accepts in a chain of the inet family', async () => {
    nft(`add table inet firewall; add chain inet firewall passing { ${drop} }`)
    await expectTraffic(await attachWeb())
  })

  test.skipIf(Bun.which('iptables-nft') === null)('iptables can still list its chain', async () => {
    bed.exec(bed.host, 'iptables-nft', '-P', 'FORWARD', 'DROP')
    await expectTraffic(await attachWeb())
    const listing = bed.exec(bed.host, 'iptables-nft', '-S', 'FORWARD')
    expect(listing).toContain('-A FORWARD -i strake0 -j ACCEPT')
    expect(listing).toContain('-A FORWARD -o strake0 -j ACCEPT')
  })

  test.skipIf(Bun.which('iptables-legacy') === null)(
    'it accepts in the tables of the older iptables too',
    async () => {
      bed.exec(bed.host, 'iptables-legacy', '-P', 'FORWARD', 'DROP')
      await expectTraffic(await attachWeb())
      await driver.call({ method: 'cleanStale', liveIds: [] })
      await driver.call({ method: 'remove' })
      const listing = bed.exec(bed.host, 'iptables-legacy', '-S', 'FORWARD')
      expect(listing).toBe('-P FORWARD DROP\n')
    },
  )
})
