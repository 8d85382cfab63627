import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Driver, missingForTests, openTestbed, type Testbed } from '../testing/testbed.ts'

describe.skipIf(missingForTests() !== undefined)('attach() as repair', () => {
  let bed: Testbed
  let driver: Driver
  let web: string
  beforeAll(async () => {
    bed = openTestbed()
    driver = bed.openDriver()
    const ports = [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' as const }]
    const made = await driver.attach({ containerId: 'web', ip: '10.89.0.2', ports })
    web = String(made.netnsPath)
    await bed.serve(web, 'tcp', 80, 'web')
    await bed.serve(bed.outside, 'tcp', 7000, 'outside')
  })
  afterAll(async () => {
    await driver?.[Symbol.asyncDispose]()
    await bed?.[Symbol.asyncDispose]()
  })

  const published = () => bed.ask(bed.outside, 'tcp', '198.51.100.1', 8080)
  let next = 3
  const attachAnother = () =>
    driver.attach({ containerId: `another${next}`, ip: `10.89.0.${next++}` })

  test('it restores the rules and the published ports of running containers', async () => {
    bed.exec(bed.host, 'nft', 'flush', 'ruleset')
    expect(await published()).toBeUndefined()
    const { netnsPath = '' } = await attachAnother()
    expect(await published()).toBe('web 198.51.100.2')
    expect(await bed.ask(netnsPath, 'tcp', '198.51.100.2', 7000)).toBe('outside 198.51.100.1')
  })

  test('it restores a table whose rules another program flushed', async () => {
    bed.exec(bed.host, 'nft', 'flush', 'table', 'ip', 'strake')
    expect(await published()).toBeUndefined()
    await attachAnother()
    expect(await published()).toBe('web 198.51.100.2')
  })

  test('it restores the bridge and the links of running containers', async () => {
    bed.exec(bed.host, 'ip', 'link', 'del', 'strake0')
    expect(await published()).toBeUndefined()
    await attachAnother()
    expect(await published()).toBe('web 198.51.100.2')
    expect(await bed.ask(web, 'tcp', '198.51.100.1', 8080)).toBe('web 10.89.0.1')
  })

  test('it enables forwarding again', async () => {
    bed.exec(bed.host, 'sh', '-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward')
    await attachAnother()
    expect(await published()).toBe('web 198.51.100.2')
  })

  test('it leaves the tables of other programs unchanged', async () => {
    bed.exec(bed.host, 'nft', 'add table ip mine; add chain ip mine c; add rule ip mine c counter')
    const before = bed.exec(bed.host, 'nft', 'list', 'table', 'ip', 'mine')
    bed.exec(bed.host, 'nft', 'delete', 'table', 'ip', 'strake')
    await attachAnother()
    expect(bed.exec(bed.host, 'nft', 'list', 'table', 'ip', 'mine')).toBe(before)
  })
})
