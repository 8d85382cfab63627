import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { chmod, copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mountsBelow } from '#platform'
import { writeContext } from './busybox.ts'
import {
  copyOf,
  mountByLoop,
  type Operation,
  type Stores,
  seed,
  sweepErrors,
  sweepKills,
  type Tally,
  writeSmallImage,
} from './fault-rig.ts'
import { serveStrakeRegistry, until } from './servers.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

// A fault at every system call that changes the store. A quick run tries some of the calls,
// and others with another STRAKE_FAULT_SEED. STRAKE_FAULTS=all tries every call in an hour.

const reason = missing('strace', 'busybox', 'pgrep')
if (reason !== undefined) console.log(`skipped faults: ${reason}`)
const isTraceable = process.arch === 'x64'
const limit = process.env['STRAKE_FAULTS'] === 'all' ? 7_200_000 : 120_000

describe.skipIf(reason !== undefined)('faults', () => {
  let stores: Stores
  let archive = ''
  beforeAll(async () => {
    stores = await openStores()
    archive = join(stores.kept.directory, 'small.tar')
  })
  afterAll(() => closeStores(stores))

  function report({ args }: Operation, { injected, detected, violations }: Tally): void {
    const numbers = `${injected} injected, ${detected} detected, ${violations.length} violations`
    console.log(`${args[0]}, seed ${seed}: ${numbers}`)
    expect(violations).toEqual([])
    expect(injected).toBeGreaterThan(1)
  }

  /** Prepares the operation for faults on this store. Its resources are removed with `scope`. */
  type Prepare = (strake: Strake, scope: AsyncDisposableStack) => Promise<Operation> | Operation

  /** Sweeps an operation on a copy of the store `base` or `kept`. */
  async function sweepCopy(
    from: keyof Stores,
    prepare: Prepare,
    sweep: (stores: Stores, operation: Operation) => Promise<Tally>,
  ): Promise<void> {
    await using base = await copyOf(stores[from])
    await using scope = new AsyncDisposableStack()
    const operation = await prepare(base, scope)
    report(operation, await sweep({ base, kept: stores.kept }, operation))
  }

  function testKills(title: string, from: keyof Stores, prepare: Prepare): void {
    test.skipIf(!isTraceable)(title, () => sweepCopy(from, prepare, sweepKills), limit)
  }

  function testErrors(title: string, prepare: Prepare, error = 'ENOSPC'): void {
    const sweep = (stores: Stores, operation: Operation): Promise<Tally> =>
      sweepErrors(stores, operation, error)
    test(title, () => sweepCopy('kept', prepare, sweep), limit)
  }

  const load = (): Operation => ({ args: ['load', '-i', archive], makes: ['small:1'] })
  testKills('load that is killed leaves nothing half, and succeeds when repeated', 'kept', load)

  const pull: Prepare = async (_, scope) => {
    const source = scope.use(await copyOf(stores.base))
    const server = scope.use(await serveStrakeRegistry(source))
    const name = await pushTo(server.host, source, 'small:1')
    return { args: ['pull', name], makes: [name] }
  }
  testKills('pull that is killed leaves nothing half, and succeeds when repeated', 'kept', pull)

  testKills('rmi that is killed removes an image or keeps it, never half of it', 'base', () => ({
    args: ['rmi', 'small:1'],
    makes: [],
  }))

  testKills('tag that is killed sets a name or does not', 'base', () => ({
    args: ['tag', 'small:1', 'new:1'],
    makes: ['new:1'],
  }))

  testKills('import that is killed leaves nothing half', 'kept', async (strake) => {
    const file = join(strake.directory, 'files.tar')
    const packed = await command(['tar', '-C', await writeBuild(strake), '-cf', file, '.'])
    expect(packed).toMatchObject({ exitCode: 0 })
    return { args: ['import', file, 'imported:1'], makes: ['imported:1'] }
  })

  testKills('build that is killed leaves nothing half, and no step running', 'kept', buildOf)

  testKills(
    'prune that is killed keeps what is in use, and ends when repeated',
    'base',
    async (strake) => {
      const { args } = await buildOf(strake)
      await strake.ok(...args)
      for (const name of ['small:1', 'built:1']) await strake.ok('tag', 'kept:1', name)
      return { args: ['system', 'prune', '--force'], makes: ['small:1', 'built:1'] }
    },
  )

  testKills(
    'prune that drops compressed layers loses none when killed',
    'kept',
    async (strake, scope) => {
      const source = scope.use(await copyOf(stores.kept))
      const server = scope.use(await serveStrakeRegistry(source))
      const { args } = await buildOf(source)
      await source.ok(...args)
      const name = await pushTo(server.host, source, 'built:1')
      await strake.ok('pull', name)
      {
        await using unhurt = await copyOf(strake)
        const pruned = await unhurt.ok('system', 'prune', '--force')
        expect(pruned).toMatch(/^Total reclaimed space: [1-9]/m)
      }
      return { args: ['system', 'prune', '--force'], makes: [name] }
    },
  )

  testKills('save that is killed changes nothing', 'base', (strake) => ({
    args: ['save', '-o', join(strake.directory, 'saved-again.tar'), 'small:1'],
    makes: ['small:1'],
  }))

  testKills('rmi of one of two names that is killed keeps the image', 'base', async (strake) => {
    await strake.ok('tag', 'small:1', 'small:2')
    return { args: ['rmi', 'small:2'], makes: ['small:1'] }
  })

  const run: Prepare = async (strake) => {
    const { args } = await buildOf(strake)
    await strake.ok(...args)
    return { args: ['run', '--rm', 'built:1'], makes: [] }
  }
  testKills('run that is killed leaves no container that removes itself', 'kept', run)

  testKills('build that mounts through loop devices leaves none when killed', 'kept', (strake) => {
    mountByLoop(strake)
    return buildOf(strake)
  })

  test.skipIf(!isTraceable)(
    'build that unpacks layers into directories leaves nothing half when killed',
    async () => {
      const unpacked = await openStores({ STRAKE_SNAPSHOTTER: 'directory' })
      try {
        const { kept } = unpacked
        const operation = await buildOf(kept)
        report(operation, await sweepKills({ base: kept, kept }, operation))
      } finally {
        await closeStores(unpacked)
      }
    },
    limit,
  )

  test('the step of a killed build runs until the next command', async () => {
    await using strake = await copyOf(stores.kept)
    const seconds = 1_000_000 + process.pid
    const context = await writeBuild(strake, `RUN ["/bin/busybox", "sleep", "${seconds}"]`)
    const child = Bun.spawn([program, 'build', context], { env: strake.env, stderr: 'ignore' })
    let step = ''
    await until(async () => {
      step = (await command(['pgrep', '-f', `^/bin/busybox sleep ${seconds}$`])).stdout.trim()
      return step !== ''
    })
    child.kill('SIGKILL')
    await child.exited
    expect(existsSync(`/proc/${step}`)).toBe(true)
    await strake.ok('tag', 'kept:1', 'other:1')
    await strake.ok('rmi', 'other:1')
    expect(existsSync(`/proc/${step}`)).toBe(false)
    expect(mountsBelow(strake.directory)).toEqual([])
  }, 60_000)

  testErrors('load that finds the disk full says so, and succeeds when there is space', load)
  testErrors('pull that finds the disk full says so, and succeeds when there is space', pull)
  testErrors('run that finds the disk full says so, and succeeds when there is space', run)
  testErrors('run whose disk reports errors says so and ends', run, 'EIO')
  testErrors(
    'build that finds the disk full says so, and succeeds when there is space',
    copyBuildOf,
  )
})

/** A store with `kept:1`, and a store that also has `small:1`. Their archives are beside the first store. */
async function openStores(env: Readonly<Record<string, string>> = {}): Promise<Stores> {
  const kept = await openStrake(env)
  const archive = await writeSmallImage(join(kept.directory, 'small.tar'), 'small:1', 'small')
  const other = await writeSmallImage(join(kept.directory, 'kept.tar'), 'kept:1', 'kept')
  await kept.ok('load', '-i', other)
  const base = await copyOf(kept)
  await base.ok('load', '-i', archive)
  return { base, kept }
}

async function closeStores({ base, kept }: Stores): Promise<void> {
  await base[Symbol.asyncDispose]()
  await kept[Symbol.asyncDispose]()
}

/** Gives an image a name in a registry, and pushes it there. */
async function pushTo(host: string, strake: Strake, image: string): Promise<string> {
  const name = `${host}/${image}`
  await strake.ok('tag', image, name)
  await strake.ok('push', name)
  return name
}

/** A build of two stages, with files, a command and its network. */
async function buildOf(strake: Strake): Promise<Operation> {
  return { args: ['build', '-t', 'built:1', await writeBuild(strake)], makes: ['built:1'] }
}

/** A build without RUN: a command of RUN would meet the faults too. */
async function copyBuildOf(strake: Strake): Promise<Operation> {
  const Dockerfile = 'FROM scratch AS files\nCOPY file /\nFROM kept:1\nCOPY --from=files /file /\n'
  const directory = join(strake.directory, 'files')
  const context = await writeContext(directory, { file: 'contents\n', Dockerfile })
  return { args: ['build', '-t', 'built:1', context], makes: ['built:1'] }
}

async function writeBuild(strake: Strake, more = ''): Promise<string> {
  const context = await writeContext(join(strake.directory, 'context'), {
    file: 'contents\n',
    Dockerfile: `FROM scratch AS tools
COPY busybox /bin/
FROM kept:1
COPY --from=tools /bin/busybox /bin/busybox
RUN ["/bin/busybox", "cp", "/etc/file1", "/made"]
COPY file /
${more}
CMD ["/bin/busybox", "true"]
`,
  })
  const busybox = join(context, 'busybox')
  await copyFile('/bin/busybox', busybox)
  await chmod(busybox, 0o755)
  return context
}
