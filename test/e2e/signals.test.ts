import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { importBusybox } from './busybox.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('runc')
if (reason !== undefined) console.log(`skipped signals: ${reason}`)

/** A full named pipe, open for reading. */
async function openFullPipe(path: string): Promise<Disposable> {
  await command(['mkfifo', path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  const page = new Uint8Array(4096)
  try {
    for (;;) writeSync(writer, page)
  } catch {
    // The pipe is full.
  }
  closeSync(writer)
  return { [Symbol.dispose]: () => closeSync(reader) }
}

describe.skipIf(reason !== undefined)('the first signal', () => {
  let strake: Strake
  let stack: DisposableStack
  const full = (): string => join(strake.directory, 'full')
  const silent = (): string => join(strake.directory, 'silent')

  beforeAll(async () => {
    strake = await openStrake()
    stack = new DisposableStack()
    await importBusybox(strake, 'box')
    await strake.ok('run', '--name', 'long', 'box', 'sh', '-c', 'yes a line | head -100000')
    await strake.ok('run', '-d', '--name', 'deaf', 'box', 'sh', '-c', 'trap "" TERM; sleep 1000')
    stack.use(await openFullPipe(full()))
    await command(['mkfifo', silent()])
    // The pipe has a writer that writes nothing.
    const writer = openSync(silent(), constants.O_RDWR)
    stack.defer(() => closeSync(writer))
  })
  afterAll(async () => {
    await strake.ok('rm', '-f', 'deaf')
    stack.dispose()
    await strake[Symbol.asyncDispose]()
  })

  async function endsAt(
    signal: NodeJS.Signals,
    args: readonly string[],
    streams: { readonly stdin?: string; readonly stdout?: string; readonly stderr?: string },
  ): Promise<void> {
    const open = (path: string | undefined, flags: number) =>
      path === undefined ? undefined : openSync(path, flags)
    const [stdin, stdout, stderr] = [
      open(streams.stdin, constants.O_RDONLY),
      open(streams.stdout, constants.O_WRONLY),
      open(streams.stderr, constants.O_WRONLY),
    ]
    const child = Bun.spawn([program, ...args], {
      env: { PATH: process.env['PATH'] ?? '', ...strake.env },
      stdin: stdin ?? 'ignore',
      stdout: stdout ?? 'ignore',
      stderr: stderr ?? 'ignore',
    })
    for (const fd of [stdin, stdout, stderr]) if (fd !== undefined) closeSync(fd)
    // The signal arrives while the command waits.
    await new Promise((resolve) => setTimeout(resolve, 400))
    child.kill(signal)
    await child.exited
    const ends = {
      SIGTERM: [143, 'SIGTERM'],
      SIGINT: [130, 'SIGINT'],
      SIGHUP: [129, 'SIGHUP'],
    }[signal as 'SIGTERM']
    expect(ends).toContain(child.signalCode ?? child.exitCode ?? 0)
  }

  const toStalledReaders = [
    ['images'],
    ['ps', '-a'],
    ['inspect', 'box'],
    ['save', 'box'],
    ['export', 'long'],
    ['logs', 'long'],
    ['logs', '-f', 'long'],
    ['system', 'df'],
    ['system', 'check'],
    ['--help'],
  ]
  for (const args of toStalledReaders) {
    test(`ends ${args.join(' ')} whose reader has stopped`, () =>
      endsAt('SIGTERM', args, { stdout: full() }))
  }

  test('ends a build whose reader has stopped', async () => {
    const context = join(strake.directory, 'context')
    await Bun.write(join(context, 'Dockerfile'), 'FROM box\nRUN yes of the signals test\n')
    await endsAt('SIGINT', ['build', '--progress', 'plain', context], { stderr: full() })
    const processes = await command(['sh', '-c', 'cat /proc/[0-9]*/cmdline || true'])
    expect(processes.stdout).not.toContain('yes\0of\0the\0signals')
  })

  test('SIGHUP, when its terminal is closed, ends a build with its steps', async () => {
    const context = join(strake.directory, 'hangup')
    await Bun.write(join(context, 'Dockerfile'), 'FROM box\nRUN sleep 4321.5\n')
    await endsAt('SIGHUP', ['build', context], {})
    const processes = await command(['sh', '-c', 'cat /proc/[0-9]*/cmdline || true'])
    expect(processes.stdout).not.toContain('sleep\x004321.5')
  })

  const toSilentWriters = [
    ['load'],
    ['import', '-'],
    ['build', '-'],
    ['image', 'prune'],
    ['system', 'prune'],
    ['login', '-u', 'me', '--password-stdin', 'localhost:1'],
  ]
  for (const args of toSilentWriters) {
    test(`ends ${args.join(' ')} while its input gets no bytes`, () =>
      endsAt('SIGINT', args, { stdin: silent() }))
  }

  test('ends load and import of a pipe without a writer, and save into a pipe without a reader', async () => {
    const path = join(strake.directory, 'nobody')
    await command(['mkfifo', path])
    await endsAt('SIGTERM', ['load', '-i', path], {})
    await endsAt('SIGTERM', ['import', path], {})
    await endsAt('SIGTERM', ['save', '-o', path, 'box'], {})
  })

  test('ends stop and wait, but not the container', async () => {
    await endsAt('SIGTERM', ['stop', '-t', '1000', 'deaf'], {})
    await endsAt('SIGTERM', ['wait', 'deaf'], {})
    expect(await strake.ok('ps', '-q')).not.toBe('')
  })

  test('a command that holds content is named while it waits for its reader', async () => {
    const child = Bun.spawn([program, 'save', 'box'], {
      env: { PATH: process.env['PATH'] ?? '', ...strake.env },
      stdout: openSync(full(), constants.O_WRONLY),
      stderr: 'ignore',
    })
    for (;;) {
      const { stderr } = await strake('system', 'df')
      if (stderr.includes(`kept for process ${child.pid}`)) break
    }
    const { stderr } = await strake('image', 'prune', '-f')
    expect(stderr).toMatch(
      new RegExp(`^kept for process ${child.pid}, running for [^:]+: strake save box$`, 'm'),
    )
    child.kill('SIGTERM')
    await child.exited
    expect((await strake('system', 'df')).stderr).toBe('')
  })
})
