import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { lstat, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { watchPeak } from '../../bench/peak.ts'
import { importBusybox, writeContext } from './busybox.ts'
import { command, missing, type Outcome, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: hard cases of builds: ${reason}`)

/** A text of this machine that no image may have. */
const canary = 'c4n4ry of the host\n'

describe.skipIf(reason !== undefined)('build', () => {
  let strake: Strake
  let directory: string
  let context: string
  let count = 0
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())
  beforeEach(async () => {
    directory = join(strake.directory, `case-${++count}`)
    context = join(directory, 'context')
    await mkdir(context, { recursive: true })
  })

  /** Makes files with a shell command in the context. */
  const prepare = async (script: string): Promise<void> => {
    const made = await command(['sh', '-euc', script], { cwd: context, timeout: 300_000 })
    expect(made).toMatchObject({ exitCode: 0 })
  }
  const write = (text: string): Promise<string> => writeContext(context, { Dockerfile: text })
  /** Builds, and exports the files to a directory. A build that hangs is killed, and fails. */
  const exported = async (...more: readonly string[]): Promise<string> => {
    const output = join(directory, 'output')
    await strake.ok('build', '-o', output, ...more, context)
    return output
  }
  const refused = async (...args: readonly string[]): Promise<string> => {
    const outcome: Outcome = await strake.with({ timeout: 30_000 }, 'build', ...args)
    expect(outcome.exitCode).toBe(1)
    return outcome.stderr
  }

  test('builds the last of a thousand stages, and refuses one more', async () => {
    const chain = Array.from({ length: 999 }, (_, at) => `FROM s${at} AS s${at + 1}\nENV N=${at}\n`)
    const text = `FROM scratch AS s0\nCOPY Dockerfile /file\n${chain.join('')}`
    await write(text)
    expect(await readFile(join(await exported(), 'file'), 'utf8')).toBe(text)
    await write(`${text}FROM s0\n`)
    expect(await refused(context)).toContain('1000 stages')
  })

  // On a busy machine this takes a minute, and may take several.
  const patient = 300_000
  test(
    'copies a context of a hundred thousand files',
    async () => {
      await prepare(
        'for i in $(seq 100); do mkdir -p d/$i; (cd d/$i && seq 1000 | xargs touch); done',
      )
      await write(
        'FROM busybox AS all\nCOPY d /d\nRUN find /d -type f | wc -l > /count\nFROM scratch\nCOPY --from=all /count /\n',
      )
      const output = join(directory, 'output')
      const built = await strake.with({ timeout: patient }, 'build', '-o', output, context)
      expect(built).toMatchObject({ exitCode: 0 })
      expect(await readFile(join(output, 'count'), 'utf8')).toBe('100000\n')
      await rm(context, { recursive: true })
    },
    patient,
  )

  test('copies a file with holes with its full size', async () => {
    await prepare('truncate -s 200M holes; printf end >> holes')
    await write(
      'FROM busybox AS all\nCOPY holes /\nRUN stat -c %s /holes > /size; tail -c 3 /holes >> /size; truncate -s 30M /made\nFROM scratch\nCOPY --from=all /size /made /\n',
    )
    const output = await exported()
    expect(await readFile(join(output, 'size'), 'utf8')).toBe('209715203\nend')
    expect((await lstat(join(output, 'made'))).size).toBe(30 << 20)
  })

  test(
    'copies a file of ten gigabytes in 300 MB of memory, and its holes take no space',
    async () => {
      await prepare('truncate -s 10G large; printf end >> large')
      await write(
        'FROM busybox AS all\nCOPY large /\nRUN stat -c %s /large > /size; tail -c 3 /large >> /size\nFROM scratch\nCOPY --from=all /size /\n',
      )
      const output = join(directory, 'output')
      const child = Bun.spawn([program, 'build', '-q', '-o', output, context], {
        env: { ...process.env, ...strake.env },
        stderr: 'pipe',
      })
      const peak = watchPeak(child.pid)
      expect([await child.exited, await new Response(child.stderr).text()]).toEqual([0, ''])
      expect(await readFile(join(output, 'size'), 'utf8')).toBe('10737418243\nend')
      const bytes = peak()
      expect(bytes).toBeGreaterThan(20e6)
      expect(bytes).toBeLessThan(300e6)
      const space = await command(['du', '-s', '--block-size=1M', strake.root])
      expect(Number.parseInt(space.stdout, 10)).toBeLessThan(500)
    },
    patient,
  )

  test('opens no special file where it expects a file', async () => {
    await prepare('mkfifo pipe; mkdir d; mkfifo d/pipe')
    await write('FROM busybox\nRUN --mount=type=secret,id=s true\n')
    const pipe = join(context, 'pipe')
    expect(await refused('-f', pipe, context)).toContain('it is not a regular file')
    expect(await refused('-f', join(context, 'd'), context)).toContain('it is not a regular file')
    expect(await refused('--secret', `id=s,src=${pipe}`, context)).toContain('is a named pipe')
    expect(await refused(pipe)).toContain('it is not a directory')
    expect(await refused('--build-context', `x=${pipe}`, context)).toContain('is not a directory')
    await prepare('mkfifo .dockerignore')
    expect(await refused(context)).toContain('it is not a regular file')
  })

  test('copies pipes as pipes, and leaves sockets out unless one is named', async () => {
    await mkdir(join(context, 'd'))
    await prepare('mkfifo -m 640 d/pipe')
    const server = Bun.listen({ unix: join(context, 'd/socket'), socket: { data() {} } })
    try {
      await write('FROM scratch\nCOPY d /d\nADD d/s* d/pipe /e/\n')
      const output = await exported()
      expect(await readdir(join(output, 'd'))).toEqual(['pipe'])
      expect(await readdir(join(output, 'e'))).toEqual(['pipe'])
      expect((await lstat(join(output, 'e/pipe'))).isFIFO()).toBe(true)
      await write('FROM scratch\nCOPY d/socket /\n')
      expect(await refused(context)).toContain('Cannot copy d/socket: it is a socket')
    } finally {
      server.stop()
    }
  })

  test('follows no link out of the context, of a stage and of a mounted context', async () => {
    const outside = join(directory, 'outside')
    await mkdir(outside)
    await writeFile(join(outside, 'canary'), canary)
    await symlink(join(outside, 'canary'), join(context, 'file'))
    await symlink('../outside', join(context, 'relative'))
    await symlink(outside, join(context, 'absolute'))
    for (const source of ['file', 'relative/canary', 'absolute', 'relative/']) {
      await write(`FROM scratch\nCOPY ${source} /x\n`)
      expect([source, await refused(context)]).toEqual([
        source,
        expect.stringContaining('a link that leads out of the build context or nowhere'),
      ])
    }
    await write(
      `FROM busybox AS stage\nRUN ln -s ${outside} /up && ln -s ../../../../..${outside} /more\nFROM scratch\nCOPY --from=stage /up/canary /x\n`,
    )
    expect(await refused(context)).toContain('Cannot copy up/canary')
    await write(
      'FROM busybox\nRUN --mount=target=/c cat /c/file /c/relative/canary /c/absolute/canary > /all 2>/dev/null; ls /c | wc -l > /count\n',
    )
    const output = await exported()
    expect(await readFile(join(output, 'all'), 'utf8')).toBe('')
    expect(await readFile(join(output, 'count'), 'utf8')).toBe('4\n')
  })

  test('reads no Dockerfile and no ignore file through a link out of the context', async () => {
    const outside = join(directory, 'outside')
    await writeFile(outside, `FROM scratch\nCOPY . /\n# ${canary}`)
    await symlink(outside, join(context, 'Dockerfile'))
    const reason = 'it is a link that leads out of the build context or nowhere'
    expect(await refused(context)).toStartWith(`strake: Cannot read Dockerfile: ${reason}`)
    await rm(join(context, 'Dockerfile'))
    await write('FROM scratch\nCOPY . /\n')
    await symlink(outside, join(context, '.dockerignore'))
    expect(await refused(context)).toContain(`Cannot read .dockerignore: ${reason}`)
  })

  test('unpacks an archive as the context into its own directory only', async () => {
    const victim = join(directory, 'victim')
    await mkdir(victim)
    await prepare(
      `mkdir -p one/a two; ln -s ${victim} two/a; echo x > one/a/file
       printf 'FROM scratch\\nCOPY . /\\n' > Dockerfile; tar -cf link.tar Dockerfile; cp link.tar up.tar
       tar -C two -rf link.tar a; tar -C one -rf link.tar a/file
       tar -P -rf up.tar --transform 's,^one/a/file$,../../x,' one/a/file`,
    )
    const build = async (name: string): Promise<Outcome> =>
      strake.with({ input: await readFile(join(context, name)) }, 'build', '-q', '-')
    expect(await build('link.tar')).toMatchObject({ exitCode: 0 })
    expect(await readdir(victim)).toEqual([])
    expect((await build('up.tar')).stderr).toContain('its path leaves the root')
  })

  test('keeps a destination with .. in the image', async () => {
    await writeFile(join(context, 'a'), 'a')
    await write(
      'FROM scratch\nWORKDIR ../../../w\nCOPY a ../../../../one\nCOPY a /../../two\nADD a ../three\nCOPY --link a /x/../../../four\n',
    )
    const output = await exported()
    expect((await readdir(output)).sort()).toEqual(['four', 'one', 'three', 'two', 'w'])
    expect((await readdir(directory)).sort()).toEqual(['context', 'output'])
  })

  test('removes its own mount points only, also when RUN puts a link in their place', async () => {
    const victim = join(directory, 'victim')
    await mkdir(join(victim, 'p'), { recursive: true })
    await writeFile(join(victim, 'p/f'), canary)
    await write(
      `FROM busybox\nRUN --mount=type=bind,source=Dockerfile,target=/m/p/f mv /m /n && ln -s ${victim} /m\n`,
    )
    const output = await exported()
    expect(await readlink(join(output, 'm'))).toBe(victim)
    expect(await readFile(join(victim, 'p/f'), 'utf8')).toBe(canary)
  })

  test('keeps a cache whose ID has .. in its own directory', async () => {
    const before = (await readdir(strake.directory)).sort()
    await write(
      'FROM busybox\nRUN --mount=type=cache,id=../../../../escape,target=/c touch /c/x\nRUN --mount=type=cache,id=/../../../escape,target=/c touch /c/x\n',
    )
    await strake.ok('build', '-q', context)
    expect((await readdir(strake.directory)).sort()).toEqual(before)
    const found = await command(['find', strake.directory, '-name', '*escape*'])
    expect(found.stdout).toBe('')
  })

  test('writes an output through no link of the directory', async () => {
    const outside = join(directory, 'outside')
    const output = join(directory, 'output')
    await mkdir(outside)
    await mkdir(output)
    await symlink(outside, join(output, 'a'))
    await writeFile(join(outside, 'canary'), canary)
    await symlink(join(outside, 'canary'), join(output, 'b'))
    await write('FROM scratch\nCOPY Dockerfile /a/file\nCOPY Dockerfile /b\n')
    await exported()
    expect(await readdir(outside)).toEqual(['canary'])
    expect(await readFile(join(outside, 'canary'), 'utf8')).toBe(canary)
    expect(await readdir(join(output, 'a'))).toEqual(['file'])
  })

  test('runs a command whose working directory the command before has removed', async () => {
    await write(
      'FROM busybox\nWORKDIR /w/d\nRUN rmdir /w/d && rmdir /w\nRUN pwd > /where && echo x > here\n',
    )
    const output = await exported()
    expect(await readFile(join(output, 'where'), 'utf8')).toBe('/w/d\n')
    expect(await readFile(join(output, 'w/d/here'), 'utf8')).toBe('x\n')
    await rm(output, { recursive: true })
  })
})
