import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { build } from '../build-image.ts'
import { ExitError } from '../model/error.ts'
import type { NetworkRequest } from '../step/workspace.ts'
import {
  addBusybox,
  busyboxMissing,
  openWorkshop,
  refusalOf,
  type Workshop,
} from '../testing/fixture.ts'

describe.skipIf(busyboxMissing !== undefined)(`RUN (${busyboxMissing ?? 'in a runtime'})`, () => {
  let workshop: Workshop
  beforeAll(async () => {
    workshop = await openWorkshop()
    await addBusybox(workshop)
  })
  afterAll(() => workshop[Symbol.asyncDispose]())

  /** The output of the latest build's steps. */
  const output = (): string =>
    Buffer.concat(
      workshop.events.flatMap((event) => (event.type === 'log' ? [event.data] : [])),
    ).toString()

  const run = async (lines: string, options = {}): Promise<Record<string, string>[]> => {
    const dockerfile = { text: `FROM busybox\n${lines}\n` }
    const { layers } = await workshop.build({ dockerfile, ...options })
    return Promise.all(layers.slice(1).map((layer) => workshop.list(layer)))
  }

  test('run makes a layer of exactly the changes of the command', async () => {
    const layers = await run(
      'RUN mkdir /new && echo hi > /new/file && rm /bin/wc && chmod 600 /etc/group',
    )
    expect(layers).toEqual([
      {
        bin: 'directory 755 0:0',
        'bin/.wh.wc': 'file 0 0:0 ""',
        etc: 'directory 755 0:0',
        'etc/group': expect.stringContaining('file 600 0:0'),
        new: 'directory 755 0:0',
        'new/file': 'file 644 0:0 "hi\\n"',
      },
    ])
  })

  test('run leaves no mount point behind, and makes no layer without changes', async () => {
    expect(await run('RUN ls /etc/hosts /etc/resolv.conf /proc/self /sys /dev/null')).toEqual([])
    const { config } = await workshop.build({ dockerfile: { text: 'FROM busybox\nRUN echo\n' } })
    expect(config.history?.at(-1)).toMatchObject({ empty_layer: true })
    expect(config.rootfs.diff_ids).toHaveLength(1)
  })

  test('run gives the next step the same files and times as the layer', async () => {
    await run('RUN touch /a\nRUN stat -c %Y /a\nRUN ls /a', { epoch: 1_600_000_000 })
    expect(output()).toContain('1600000000\n/a\n')
  })

  test('run gives the next step the times of the layer, whatever keeps the file system', async () => {
    await using other = await openWorkshop('directory')
    await addBusybox(other)
    const text = `FROM busybox
RUN mkdir /new && echo > /new/file && ln -s x /new/link && touch /tmp/gone && rm /tmp/gone
RUN for f in /new /new/file /new/link /tmp; do stat -c '%n %y' $f; done`
    for (const epoch of [undefined, 1_600_000_000]) {
      const steps = (of: Workshop): readonly string[] =>
        Buffer.concat(of.events.flatMap((event) => (event.type === 'log' ? [event.data] : [])))
          .toString()
          .match(/^\/\S* \S+ \S+/gm) ?? []
      await workshop.build({ dockerfile: { text }, epoch, noCache: true })
      await other.build({ dockerfile: { text }, epoch, noCache: true })
      const [kept, unpacked] = [steps(workshop), steps(other)]
      expect(kept).toHaveLength(4)
      for (const line of [...kept, ...unpacked]) expect(line).toEndWith('.000000000')
      // The directory is in no layer, so it keeps the time of the base.
      expect(unpacked.at(-1)).toBe(kept.at(-1))
      if (epoch !== undefined) expect(unpacked).toEqual(kept)
    }
  })

  test('run has a clean environment: the variables of the Dockerfile and the epoch', async () => {
    process.env['STRAKE_CANARY'] = 'of the host'
    const buildArgs = { no_proxy: 'local', HTTP_PROXY: 'up', http_proxy: 'low', FTP_PROXY: '' }
    await run('ARG a=1\nENV b=2\nRUN env', { buildArgs })
    delete process.env['STRAKE_CANARY']
    const lines = output()
      .split('\n')
      .filter((line) => line !== '')
    const shell = ['HOME', 'PWD', 'SHLVL']
    expect(lines.map((line) => line.split('=')[0] ?? '').toSorted()).toEqual(
      [
        ...shell,
        'PATH',
        'SOURCE_DATE_EPOCH',
        'a',
        'b',
        'HTTP_PROXY',
        'http_proxy',
        'NO_PROXY',
        'no_proxy',
      ].toSorted(),
    )
    expect(lines).toContain('NO_PROXY=local')
    expect(lines).toContain('HTTP_PROXY=up')
    expect(lines).toContain('http_proxy=low')
  })

  test('run has the host name of the build argument, also in /etc/hosts', async () => {
    await run('RUN cat /proc/sys/kernel/hostname && cat /etc/hosts')
    expect(output()).toStartWith('buildkitsandbox\n127.0.0.1\tlocalhost buildkitsandbox\n')
    const buildArgs = { BUILDKIT_SANDBOX_HOSTNAME: 'foo' }
    await run('RUN cat /proc/sys/kernel/hostname && cat /etc/hosts', { buildArgs })
    expect(output()).toStartWith('foo\n127.0.0.1\tlocalhost foo\n')
  })

  test('run keeps the epoch and proxies out of the image', async () => {
    const text = 'FROM busybox\nRUN env > /dev/null\n'
    const options = { epoch: 1, buildArgs: { http_proxy: 'http://canary' } }
    const { config } = await workshop.build({ dockerfile: { text }, ...options })
    expect(JSON.stringify(config)).not.toMatch(/canary|SOURCE_DATE_EPOCH/)
  })

  test('run uses the user, by its name in the image, and the directory', async () => {
    await run('WORKDIR /w\nUSER app:staff\nRUN id -u && id -g && pwd\nUSER 7\nRUN id -u')
    expect(output()).toBe('1000\n50\n/w\n7\n')
  })

  test('run executes scripts, programs and commands with heredocs', async () => {
    const lines = [
      'RUN <<EOF',
      'echo script',
      'EOF',
      'RUN <<PROGRAM',
      '#!/bin/cat',
      'as written $x',
      'PROGRAM',
      'RUN cat <<ONE',
      'input',
      'ONE',
      'RUN ["echo", "exec form", "$x"]',
    ]
    await run(lines.join('\n'))
    expect(output()).toBe('script\n#!/bin/cat\nas written $x\ninput\nexec form $x\n')
  })

  test('run that fails shows command, exit code and line, and stops the build', async () => {
    const dockerfile = { text: 'FROM busybox\nRUN echo before && exit 42\nRUN echo after\n' }
    const error = await refusalOf(workshop.build({ dockerfile }))
    expect(error).toBeInstanceOf(ExitError)
    expect(error instanceof ExitError && error.status).toBe(42)
    expect(error.message).toStartWith(
      'Cannot build Dockerfile: the command /bin/sh -c "echo before && exit 42" exited with code 42\n',
    )
    expect(error.message).toContain('2 | >>> RUN echo before && exit 42\n')
    expect(output()).toBe('before\n')
    expect(workshop.stateOf('RUN echo before')).toBe('failed')
    expect(workshop.stateOf('RUN echo after')).toBeUndefined()
  })

  test('run of an absent program has a message of its own', async () => {
    const { message } = await refusalOf(run('RUN ["/bin/nothing"]'))
    expect(message).toContain('>>> RUN ["/bin/nothing"]')
    expect(message).toMatch(/^Cannot .*\/bin\/nothing/)
  })

  test('run runs again when an argument changes, and names the argument', async () => {
    const lines = 'ARG version\nRUN echo $version > /v'
    await run(lines, { buildArgs: { version: '1' } })
    await run(lines, { buildArgs: { version: '1' } })
    expect(workshop.stateOf('RUN echo')).toBe('cached')
    const [layer] = await run(lines, { buildArgs: { version: '2' }, explain: true })
    expect(layer).toEqual({ v: 'file 644 0:0 "2\\n"' })
    expect(workshop.events.findLast(({ type }) => type === 'explanation')).toMatchObject({
      name: '[2/2] RUN echo $version > /v',
      causes: [{ kind: 'argument', subject: 'version', before: '1', after: '2' }],
    })
  })

  test('run is isolated: it has its own processes, no network and no access to the host', async () => {
    await run('RUN echo $$ && ls /sys/class/net && cat /proc/self/status')
    expect(output()).toStartWith('1\nlo\n')
    expect(output()).toMatch(/Seccomp:\t2/)
    expect(output()).toMatch(/CapEff:\t00000000a80425fb/)
  })

  test('run gets its network from the provider and releases it', async () => {
    const asked: string[] = []
    const services = {
      ...workshop.services,
      network: async ({ mode, hostname }: NetworkRequest) => {
        asked.push(`${mode} ${hostname}`)
        return {
          resolvConf: 'nameserver 192.0.2.1\n',
          hosts: '192.0.2.2 peer\n',
          [Symbol.asyncDispose]: async () => void asked.push('disposed'),
        }
      },
    }
    const text =
      'FROM busybox\nRUN cat /etc/resolv.conf /etc/hosts > /seen\nRUN --network=none true\n'
    const { layers, lease } = await build({ services, dockerfile: { text } })
    await lease.release()
    const [, layer] = layers
    expect(layer && (await workshop.list(layer))).toEqual({
      seen: 'file 644 0:0 "nameserver 192.0.2.1\\n192.0.2.2 peer\\n"',
    })
    const [one, other] = ['default buildkitsandbox', 'none buildkitsandbox']
    expect(asked).toEqual([one, 'disposed', other, 'disposed'])
  })

  test('run stops when the build is cancelled, and leaves no files', async () => {
    const controller = new AbortController()
    const running = run('RUN echo started && sleep 600', { signal: controller.signal })
    running.catch(() => {})
    while (!output().includes('started')) await Bun.sleep(10)
    controller.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    const left = readdirSync(`${workshop.path}/run`).filter((name) => name.startsWith('build-'))
    expect(left).toEqual([])
  })

  test('run of independent stages happens at the same time', async () => {
    const wait = (own: string): string => `RUN echo ${own} started && sleep 1 && touch /${own}`
    const text = `FROM busybox AS a
${wait('a')}
FROM busybox AS b
${wait('b')}
FROM scratch
COPY --from=a /a /
COPY --from=b /b /
`
    await workshop.build({ dockerfile: { text }, concurrency: 2 })
    const ends = workshop.events.findIndex(
      (event) => event.type === 'step' && event.state === 'done' && event.name.includes('RUN'),
    )
    const before = workshop.events.slice(0, ends).filter(({ type }) => type === 'log')
    expect(before).toHaveLength(2)
  })

  test('run of the same command makes the same layer in another store', async () => {
    const text = `FROM busybox
WORKDIR /w
COPY a .
RUN mkdir z y x && for f in c b a; do echo $f > x/$f; done && ln x/a x/hard && ln -s a x/soft
RUN rm -r z && chmod 700 y && chown app x/b && mkdir y/new && echo $SOURCE_DATE_EPOCH > epoch
`
    await using other = await openWorkshop()
    await addBusybox(other)
    const first = await workshop.build({
      context: await workshop.context('same', { a: 'a' }),
      dockerfile: { text },
    })
    const second = await other.build({
      context: await other.context('elsewhere', { a: 'a' }),
      dockerfile: { text },
    })
    expect(second.descriptor).toEqual(first.descriptor)
    expect(first.layers).toHaveLength(5)
  })

  test('run is not taken from the cache when base, user, directory or network change', async () => {
    const variants = [
      'RUN id > /seen',
      'USER app\nRUN id > /tmp/seen',
      'WORKDIR /w\nRUN id > /seen',
      'RUN --network=none id > /seen',
      'ENV x=1\nRUN id > /seen',
      'SHELL ["/bin/sh", "-ec"]\nRUN id > /seen',
      'RUN ["/bin/sh", "-c", "id  > /seen"]',
    ]
    for (const lines of variants) {
      await run(lines)
      expect(workshop.stateOf('RUN')).toBe('done')
      await run(lines)
      expect(workshop.stateOf('RUN')).toBe('cached')
    }
    await run('ENV y=1\nLABEL a=b\nEXPOSE 80\nCMD ["x"]\nRUN echo')
    await run('ENV y=1\nLABEL a=c\nEXPOSE 81\nRUN echo')
    expect(workshop.stateOf('RUN')).toBe('cached')
  })
})
