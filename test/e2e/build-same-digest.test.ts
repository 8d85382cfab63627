import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmod, lchown, lutimes, mkdir, readdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc', 'unshare', 'taskset')
if (reason) console.info(`skipped: the same digest everywhere: ${reason}`)

const files = {
  Dockerfile: [
    'FROM busybox AS one',
    'WORKDIR /src',
    'COPY . .',
    'RUN find . -type f | sort > /list && mkdir -p /out/d && echo out > /out/d/f && touch /out/g',
    'RUN id > /id && umask > /umask && chmod 700 /out/d && chown 5:6 /out/g',
    'FROM busybox',
    'COPY --from=one /out /out',
    'COPY --from=one /list /id /umask /',
    'COPY --chown=7:8 sub /sub',
    'COPY <<text /text',
    'a heredoc',
    'text',
    'ENV a=1',
    'USER 5',
    'RUN mkdir /tmp/own && echo x > /tmp/own/x',
    'CMD ["sh"]',
    '',
  ].join('\n'),
  a: 'a',
  z: 'z',
  'sub/b': 'b',
  'sub/deep/c': 'c',
}

/** One way to build the same project. */
interface Surroundings {
  readonly name: string
  /** Words before the program. */
  readonly wrapper?: readonly string[]
  readonly time?: number
  readonly owner?: number
  readonly directory?: string
  readonly otherStore?: true
  readonly env?: Readonly<Record<string, string>>
}

const surroundings: readonly Surroundings[] = [
  { name: 'plain' },
  { name: 'another directory', directory: 'deep/in/another/directory with a space' },
  { name: 'other file times', time: 1_000_000_000 },
  { name: 'files of another user', owner: 1234 },
  { name: 'a strict umask', wrapper: ['sh', '-c', 'umask 0077; exec "$@"', 'sh'] },
  { name: 'an open umask', wrapper: ['sh', '-c', 'umask 0000; exec "$@"', 'sh'] },
  { name: 'one processor', wrapper: ['taskset', '-c', '0'] },
  {
    name: 'a machine that booted long ago',
    wrapper: ['unshare', '--time', '--boottime=9999999', '--monotonic=9999999', '--fork'],
  },
  {
    name: 'another name of the machine',
    wrapper: ['unshare', '--uts', 'sh', '-c', 'hostname other; exec "$@"', 'sh'],
  },
  { name: 'another language and time zone', env: { LC_ALL: 'tr_TR.UTF-8', TZ: 'Pacific/Chatham' } },
  {
    name: 'another home and user name',
    env: { HOME: '/nowhere', USER: 'other', LOGNAME: 'other' },
  },
  { name: 'another store', otherStore: true },
]

describe.skipIf(reason !== undefined)('build gives the same manifest digest', () => {
  let strake: Strake
  let other: Strake
  let expected: string | undefined
  beforeAll(async () => {
    strake = await openStrake()
    other = await openStrake()
    await importBusybox(strake)
    const archive = join(strake.directory, 'busybox.tar')
    await strake.ok('save', '-o', archive, 'busybox')
    await other.ok('load', '-i', archive)
  })
  afterAll(async () => {
    await strake[Symbol.asyncDispose]()
    await other[Symbol.asyncDispose]()
  })

  test.each(surroundings)(
    '$name',
    async ({ directory, time, owner, wrapper = [], otherStore, env }) => {
      const store = otherStore ? other : strake
      const context = join(store.directory, directory ?? 'project')
      await mkdir(context, { recursive: true })
      await writeContext(context, files)
      await symlink('a', join(context, 'link')).catch(() => {})
      for (const name of ['.', ...(await readdir(context, { recursive: true }))]) {
        const path = join(context, name)
        // The modes are part of the project; a umask must not change them.
        if (name !== 'link') await chmod(path, /^(?:\.|sub|sub\/deep)$/.test(name) ? 0o755 : 0o644)
        await lchown(path, owner ?? 0, owner ?? 0)
        await lutimes(path, time ?? 1_700_000_000, time ?? 1_700_000_000)
      }
      const metadata = join(store.directory, 'metadata.json')
      const options = [
        '--no-cache',
        '--metadata-file',
        metadata,
        '--build-arg',
        'SOURCE_DATE_EPOCH=1600000000',
      ]
      const built = await command([...wrapper, program, 'build', ...options, context], {
        env: { PATH: process.env['PATH'] ?? '', ...store.env, ...env },
      })
      expect([built.exitCode, built.exitCode === 0 ? '' : built.stderr]).toEqual([0, ''])
      const digest = JSON.parse(await readFile(metadata, 'utf8'))['containerimage.digest']
      expect(digest).toMatch(/^sha256:/)
      expected ??= digest
      expect(digest).toBe(expected)
    },
  )
})
