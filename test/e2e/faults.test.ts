import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { copyOf, type Operation, seed, sweep, writeSmallImage } from './fault-rig.ts'
import { serveStrakeRegistry } from './servers.ts'
import { missing, openStrake, type Strake } from './strake.ts'

// RELIABILITY FK1, FK6, FD1: a fault at every system call that changes the
// store. In short, by steps; STRAKE_FAULTS=all takes every call, and minutes.

const reason = missing('strace')
if (reason !== undefined) console.log(`skipped faults: ${reason}`)
const limit = process.env['STRAKE_FAULTS'] === 'all' ? 3_600_000 : 120_000

describe.skipIf(reason !== undefined)('faults', () => {
  let kept: Strake
  let full: Strake
  let load: Operation
  beforeAll(async () => {
    kept = await openStrake()
    const archive = await writeSmallImage(join(kept.directory, 'small.tar'), 'small:1', 'small')
    const other = await writeSmallImage(join(kept.directory, 'kept.tar'), 'kept:1', 'kept')
    await kept.ok('load', '-i', other)
    full = await copyOf(kept)
    await full.ok('load', '-i', archive)
    load = { args: ['load', '-i', archive], makes: ['small:1'] }
  })
  afterAll(async () => {
    await kept[Symbol.asyncDispose]()
    await full[Symbol.asyncDispose]()
  })

  async function expectNoViolations(base: Strake, operation: Operation, fault: string) {
    const tally = await sweep({ base, clean: kept }, operation, fault)
    const { injected, detected, violations } = tally
    const numbers = `${injected} injected, ${detected} detected, ${violations.length} violations`
    console.log(`${operation.args[0]}, ${fault}, seed ${seed}: ${numbers}`)
    expect(violations).toEqual([])
    expect(injected).toBeGreaterThan(1)
  }

  test(
    'load that is killed leaves nothing half, and succeeds when repeated',
    () => expectNoViolations(kept, load, 'signal=SIGKILL'),
    limit,
  )

  test(
    'pull that is killed leaves nothing half, and succeeds when repeated',
    async () => {
      await using source = await copyOf(full)
      await using server = await serveStrakeRegistry(source)
      const name = `${server.host}/small:1`
      await source.ok('tag', 'small:1', name)
      await source.ok('push', name)
      await expectNoViolations(kept, { args: ['pull', name], makes: [name] }, 'signal=SIGKILL')
    },
    limit,
  )

  test(
    'rmi that is killed removes an image or keeps it, never half of it',
    () => expectNoViolations(full, { args: ['rmi', 'small:1'], makes: [] }, 'signal=SIGKILL'),
    limit,
  )

  test(
    'load that finds the disk full says so, and succeeds when there is space',
    () => expectNoViolations(kept, load, 'error=ENOSPC'),
    limit,
  )
})
