import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import type { BuildOptions } from '../options.ts'
import {
  addBusybox,
  busyboxMissing,
  openWorkshop,
  refusalOf,
  type Workshop,
} from '../testing/fixture.ts'

type Options = Omit<BuildOptions, 'services' | 'emit' | 'dockerfile'>

describe.skipIf(busyboxMissing !== undefined)(
  `RUN --mount (${busyboxMissing ?? 'in a runtime'})`,
  () => {
    let workshop: Workshop
    let context: string
    beforeAll(async () => {
      workshop = await openWorkshop()
      await addBusybox(workshop)
      context = await workshop.context('context', {
        a: 'from the context\n',
        'd/b': 'below\n',
        'd/secret': 'ignored\n',
        way: { link: 'd' },
        '.dockerignore': 'd/secret\n',
      })
    })
    afterAll(() => workshop[Symbol.asyncDispose]())

    /** Returns the output of the steps, and the files of their layers. */
    async function run(
      lines: string,
      options: Options = {},
    ): Promise<{ output: string; layers: Record<string, string>[] }> {
      const dockerfile = { text: `FROM busybox\n${lines}\n` }
      const { layers } = await workshop.build({ context, dockerfile, ...options })
      const output = Buffer.concat(
        workshop.events.flatMap((event) => (event.type === 'log' ? [event.data] : [])),
      ).toString()
      return {
        output,
        layers: await Promise.all(layers.slice(1).map((layer) => workshop.list(layer))),
      }
    }

    async function refusal(lines: string, options: Options = {}): Promise<string> {
      const { message } = await refusalOf(run(lines, options))
      return message.split('\n')[0] ?? ''
    }

    describe('type=bind', () => {
      test('a RUN sees the build context at the target, and the layer has no mount point', async () => {
        const { output, layers } = await run(
          'WORKDIR /w\nRUN --mount=target=ctx cat ctx/a && ls -A ctx/d ctx/way/ && cp ctx/d/b /copied',
        )
        expect(output).toBe('from the context\nctx/d:\nb\n\nctx/way/:\nb\n')
        expect(layers).toEqual([{ w: 'directory 755 0:0' }, { copied: 'file 644 0:0 "below\\n"' }])
      })

      test('a RUN sees one file or directory of it', async () => {
        const { output } = await run(
          'RUN --mount=source=a,target=/f --mount=source=/way,target=/g cat /f /g/b',
        )
        expect(output).toBe('from the context\nbelow\n')
      })

      test('a RUN cannot write to a bind, and with rw its changes are discarded', async () => {
        expect(await refusal('RUN --mount=target=/c echo x > /c/new')).toContain(
          'exited with code 1',
        )
        const lines =
          'RUN --mount=target=/c,rw echo x > /c/new && ls /c\nRUN --mount=target=/c ls /c'
        const { output, layers } = await run(lines)
        expect(output).toBe('a\nd\nnew\nway\na\nd\nway\n')
        expect(layers).toEqual([])
        expect(existsSync(`${context}/new`)).toBe(false)
      })

      test('a RUN sees files of stages and images, also through links', async () => {
        const { output } = await run(
          `RUN mkdir -p /out/x && echo made > /out/x/f && ln -s /out/x /l && chown 5 /out/x/f
FROM busybox AS other
RUN --mount=from=0,source=/l,target=/in cat /in/f && stat -c %u /in/f
RUN --mount=from=busybox,source=/etc/passwd,target=/p head -n 1 /p`,
        )
        expect(output).toBe('made\n5\nroot:x:0:0::/root:/bin/sh\n')
      })

      test('a RUN runs again when a mounted file changes, and only then', async () => {
        const lines = 'RUN --mount=source=a,target=/f cat /f > /seen'
        await run(lines)
        await run(lines)
        expect(workshop.stateOf('RUN')).toBe('cached')
        const other = await workshop.context('other', { a: 'changed\n', unused: '1' })
        await run(lines, { context: other })
        expect(workshop.stateOf('RUN')).toBe('done')
        const same = await workshop.context('same', { a: 'changed\n', unused: '2' })
        await run(lines, { context: same })
        expect(workshop.stateOf('RUN')).toBe('cached')
      })

      test('build() refuses a source that is absent or a link out of the root', async () => {
        const out = 'RUN ln -s ../../../../../etc/hostname /l\nFROM busybox\n'
        expect(await refusal(`${out}RUN --mount=from=0,source=/l,target=/f cat /f`)).toContain(
          'Cannot mount /l',
        )
        expect(await refusal('RUN --mount=source=none,target=/f cat /f')).toBe(
          'Cannot copy none: it is not in the build context',
        )
        expect(await refusal('RUN --mount=target=/ true')).toContain("invalid mount target '/'")
      })
    })

    describe('type=cache', () => {
      const cache = (more: string): string => `RUN --mount=type=cache,target=/c${more}`

      test('a cache keeps its files, also with noCache, and adds nothing to the layer', async () => {
        const lines = `${cache(',id=kept')} echo one >> /c/f && wc -l /c/f | cat`
        const first = await run(`${lines} && true`)
        expect(first.layers).toEqual([])
        const second = await run(`${lines} && true`, { noCache: true })
        expect([first.output, second.output]).toEqual(['1 /c/f\n', '2 /c/f\n'])
      })

      test('a cache has the target as its ID, in the namespace of the build', async () => {
        await run('RUN --mount=type=cache,target=/some/where/../dir touch /some/dir/f')
        const { output } = await run('RUN --mount=type=cache,id=/some/dir,target=/x ls /x')
        expect(output).toBe('f\n')
        const buildArgs = { BUILDKIT_CACHE_MOUNT_NS: 'mine' }
        const other = await run('RUN --mount=type=cache,id=/some/dir,target=/x ls /x ', {
          buildArgs,
        })
        expect(other.output).toBe('')
      })

      test('a cache has the owner and mode of its options, and initial files of a stage', async () => {
        const lines = `RUN mkdir /seed && echo seed > /seed/f && chown 3:4 /seed/f
FROM busybox
${cache(',id=seeded,from=0,source=/seed,uid=1000,gid=50,mode=0770')} stat -c '%u:%g %a' /c && stat -c '%u:%g' /c/f && cat /c/f`
        expect((await run(lines)).output).toBe('1000:50 770\n3:4\nseed\n')
        expect((await run(`${cache(',id=plain')} stat -c '%u:%g %a' /c`)).output).toBe('0:0 755\n')
      })

      test('a RUN cannot write to a read-only cache', async () => {
        expect(await refusal(`${cache(',id=ro,readonly')} touch /c/f`)).toContain(
          'exited with code 1',
        )
      })

      const twice = (sharing: string, command: string): string =>
        ['a', 'b']
          .map(
            (stage) =>
              `FROM busybox AS ${stage}\n${cache(`,id=${sharing},sharing=${sharing}`)} ${command.replaceAll('@', stage)}\n`,
          )
          .join('')
      const both = '\nFROM scratch\nCOPY --from=a /bin/cat /a\nCOPY --from=b /bin/cat /b'

      test('a shared cache is used by several steps at a time', async () => {
        const meet = 'touch /c/@; while ! test -e /c/a -a -e /c/b; do sleep 0.05; done'
        await run(`${twice('shared', meet)}${both}`, { concurrency: 4 })
        expect(workshop.stateOf('COPY --from=b')).toBe('done')
      })

      test('a locked cache is used by one step after the other', async () => {
        const alone = 'mkdir /c/alone && sleep 0.2 && rmdir /c/alone'
        await run(`${twice('locked', alone)}${both}d`, { concurrency: 4 })
        expect(workshop.stateOf('COPY --from=b')).toBe('done')
      })

      test('a private cache gives each of several steps a directory of its own', async () => {
        const count = 'touch /c/@; sleep 0.5; ls /c | wc -l | cat'
        const { output } = await run(`${twice('private', count)}${both}`, { concurrency: 4 })
        expect(output).toBe('1\n1\n')
      })
    })

    test('type=tmpfs has the size of its option, and programs can run there', async () => {
      const { output, layers } = await run(
        'RUN --mount=type=tmpfs,target=/t,size=1m cp /bin/cat /t/ && echo ok | /t/cat && head -c 2000000 /dev/zero > /t/f || echo full',
      )
      // busybox itself is larger than 1 MiB: nothing of that size fits.
      expect(output).toContain('full\n')
      expect(layers).toEqual([])
      const small =
        'RUN --mount=type=tmpfs,target=/t printf "#!/bin/sh\\necho ran" > /t/x && chmod +x /t/x && /t/x'
      expect((await run(small)).output).toBe('ran\n')
    })

    describe('type=secret', () => {
      const secrets = new Map([['token', Buffer.from('hunter2')]])

      test('a RUN sees a secret as a file, and neither the image nor the cache has it', async () => {
        const lines =
          'RUN --mount=type=secret,id=token cat /run/secrets/token && stat -c "%a %u" /run/secrets/token'
        const { output, layers } = await run(lines, { secrets })
        expect(output).toBe('hunter2400 0\n')
        expect(layers).toEqual([])
        const { config } = await workshop.build({
          dockerfile: { text: `FROM busybox\n${lines}\n` },
          secrets,
        })
        expect(JSON.stringify([config, workshop.records.cache.list()])).not.toContain('hunter2')
        expect(workshop.stateOf('RUN')).toBe('cached')
      })

      test('a RUN sees a secret at its target, as a variable too', async () => {
        const { output } = await run(
          `RUN --mount=type=secret,id=token,target=/s,uid=1000,gid=50,mode=0440 cat /s && stat -c ' %u:%g %a' /s
RUN --mount=type=secret,id=token,env=TOKEN echo $TOKEN && ls /run/secrets 2>/dev/null | wc -l | cat
RUN --mount=type=secret,id=token,env=T,target=/s test "$T" = "$(cat /s)" && echo both`,
          { secrets },
        )
        expect(output).toBe('hunter2 1000:50 440\nhunter2\n0\nboth\n')
      })

      test('a RUN runs without a secret that is absent, unless it is required', async () => {
        const lines = 'RUN --mount=type=secret,id=none test ! -e /run/secrets/none && echo "X=$X"'
        expect((await run(lines)).output).toBe('X=\n')
        const required = await refusalOf(run('RUN --mount=type=secret,id=none,required true'))
        expect(required.message).toStartWith(
          'Cannot run the command: the secret none was not given',
        )
        expect(required.remedy).toBe('build with --secret id=none,src=FILE')
      })
    })

    describe('type=ssh', () => {
      let agent: Server
      let socket: string
      beforeAll(async () => {
        socket = `${workshop.path}/agent`
        agent = createServer((client) => client.once('data', (data) => client.end(`heard ${data}`)))
        await new Promise<void>((resolve) => agent.listen(socket, resolve))
      })
      afterAll(() => void agent.close())

      test('a RUN reaches the agent through a socket of its own', async () => {
        const { output } = await run(
          `RUN --mount=type=ssh,uid=1000 echo $SSH_AUTH_SOCK && stat -c '%u %a' $SSH_AUTH_SOCK
RUN --mount=type=ssh,id=other,target=/agent echo $SSH_AUTH_SOCK`,
          {
            agents: new Map([
              ['default', { socket, isRaw: false }],
              ['other', { socket, isRaw: true }],
            ]),
          },
        )
        expect(output).toBe('/run/buildkit/ssh_agent.0\n1000 600\n/agent\n')
        expect(statSync(socket).isSocket()).toBe(true)
      })

      test('a RUN runs without an agent that is absent, unless it is required', async () => {
        const { output } = await run('RUN --mount=type=ssh echo "[$SSH_AUTH_SOCK]"')
        expect(output).toBe('[]\n')
        expect(await refusal('RUN --mount=type=ssh,required true')).toBe(
          'Cannot run the command: the SSH agent default was not given',
        )
      })
    })

    test('mounts leave no files behind, whether the command succeeds or fails', async () => {
      await run('RUN --mount=target=/a/b/c --mount=type=cache,target=/x/y true')
      await refusal('RUN --mount=target=/c,rw --mount=type=secret,id=s,target=/z false', {
        secrets: new Map([['s', Buffer.from('x')]]),
      })
      expect(
        readdirSync(`${workshop.path}/run`).filter((name) => name.startsWith('build')),
      ).toEqual([])
    })
  },
)
