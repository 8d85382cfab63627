// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the substitutions of Dockerfiles

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { command, missing, type Outcome, openStrake, type Strake } from './strake.ts'

const programs = ['busybox', 'tar', 'gzip', 'bzip2', 'xz', 'zstd']
const reason = missing(...programs)
if (reason) console.info(`skipped: the language of builds: ${reason}`)

const dockerfile = 'FROM scratch\nCOPY f /\n'

describe.skipIf(reason !== undefined)('build', () => {
  let strake: Strake
  let context = ''
  /** The ID of the image that every way to write `dockerfile` makes. */
  let usual = ''
  beforeAll(async () => {
    strake = await openStrake({ SOURCE_DATE_EPOCH: '1700000000' })
    await importBusybox(strake)
    context = await writeContext(join(strake.directory, 'context'), {
      Dockerfile: dockerfile,
      f: 'x',
    })
    usual = await strake.ok('build', '-q', context)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  /** Builds a Dockerfile on standard input. */
  const build = (input: string | Uint8Array, ...args: readonly string[]): Promise<Outcome> =>
    strake.with({ input }, 'build', '-f', '-', ...args, context)
  const id = async (input: string, ...args: readonly string[]): Promise<string> => {
    const { stdout, stderr, exitCode } = await build(input, '-q', ...args)
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    return stdout.trim()
  }
  const labelsOf = async (image: string): Promise<unknown> =>
    JSON.parse(await strake.ok('inspect', '-f', '{{json .Config.Labels}}', image))

  test.each(['dockerfile', 'Containerfile'])('finds %s', async (name) => {
    const directory = join(strake.directory, `named-${name}`)
    await writeContext(directory, { [name]: dockerfile, f: 'x' })
    expect(await strake.ok('build', '-q', directory)).toBe(usual)
  })

  test.each([
    ['a byte order mark, CRLF and indentation', '\ufeffFROM scratch\r\n  COPY f /\r\n'],
    ['keywords in lower case', 'from scratch\ncopy f /\n'],
    ['comments and empty lines in a continued instruction', 'FROM scratch\nCOPY \\\n# c\n\n f /\n'],
    ['another escape character', '# escape=`\nFROM scratch\nCOPY `\n f /\n'],
    [
      'a syntax directive after #!',
      '#!/bin/x\n# syntax=docker/dockerfile:1\nFROM scratch\nCOPY f /\n',
    ],
    ['a newer minor version', '# syntax=docker/dockerfile:1.28-labs\nFROM scratch\nCOPY f /\n'],
    ['an unknown directive, which is a comment', '# escpae=`\n# x=y\nFROM scratch\nCOPY f /\n'],
    ['an argument before FROM', 'ARG B=scratch\nFROM $B\nCOPY f /\n'],
    ['flags with variables', 'FROM scratch\nARG M=644\nCOPY --chmod=$M --chown=0:0 f /\n'],
  ])('reads %s', async (_what, text) => {
    const made = await id(text)
    // Flags are in the history, so that only the files are equal.
    if (text.includes('--chmod') || text.includes('ARG')) expect(made).toMatch(/^sha256:/)
    else expect(made).toBe(usual)
  })

  test.each([
    [' \n', 'the Dockerfile cannot be empty'],
    ['# only a comment\n', 'file with no instructions'],
    ['FORM scratch\n', 'unknown instruction: FORM (did you mean FROM?)'],
    ['COPY f /\n', 'no build stage in current context'],
    ['# escape=x\nFROM scratch\n', "invalid escape token 'x'"],
    ['# escape=`\n# escape=`\nFROM scratch\n', 'only one escape parser directive can be used'],
    [
      '// syntax=example.com/other:1\nanything\n',
      'the frontend "example.com/other:1" is not built in',
    ],
    ['{"syntax": "example.com/other:1"}', 'the frontend "example.com/other:1" is not built in'],
    ['FROM scratch\nSHELL bash -c\n', 'SHELL requires the arguments to be in JSON form'],
    ['FROM busybox\nRUN <<EOF\necho\n', 'unterminated heredoc'],
    ['FROM scratch\nCOPY f <<EOF\na\nEOF\n', 'COPY cannot accept a heredoc as a destination'],
    ['FROM scratch\nENV A=${x:?needed}\n', 'x: needed'],
    ['FROM scratch\nENV A=${x?}\n', 'x: is not allowed to be unset'],
    ['FROM scratch\nENV A=${x~y}\n', 'unsupported modifier (~) in substitution'],
    ['FROM scratch\nENV A=${}\n', 'bad substitution'],
    [
      'FROM scratch AS q\nFROM scratch\nARG x=q\nCOPY --from=$x f /\n',
      'variable expansion is not supported for --from',
    ],
    ['FROM scratch\nCOPY nope /\n', 'Cannot copy nope: it is not in the build context'],
    ['FROM busybox\nCOPY --link --chown=user f /\n', 'use a numeric UID[:GID], or omit --link'],
    [
      'FROM busybox\nRUN --mount=type=bnd true\n',
      'unsupported mount type "bnd" (did you mean bind?)',
    ],
    [
      'FROM busybox\nRUN --mount=tagret=/x true\n',
      "unexpected key 'tagret' in 'tagret=/x' (did you mean target?)",
    ],
    [
      'FROM busybox\nRUN --mount=type=secret,sharing=locked true\n',
      "unexpected key 'sharing' for mount type 'secret'",
    ],
    ['FROM busybox\nRUN --mount=type=bind,target=/ true\n', "invalid mount target '/'"],
    ['FROM busybox\nRUN --network=hst true\n', 'hst'],
    ['FROM scratch\nHEALTHCHECK --interval=1us CMD x\n', 'interval'],
    ['FROM scratch\nONBUILD FROM scratch\n', "FROM isn't allowed as an ONBUILD trigger"],
    ['FROM scratch\nEXPOSE 99999\n', '99999'],
    ['FROM scratch\nSTOPSIGNAL SIGNOPE\n', 'SIGNOPE'],
  ])('refuses %j', async (text, message) => {
    const { exitCode, stderr } = await build(text)
    expect(exitCode).toBe(1)
    expect(stderr).toContain(message)
    // The message has the lines of the file, if there are any.
    if (text.trim() !== '') expect(stderr).toContain('Dockerfile:')
  })

  test('reads lines that are longer than those of BuildKit', async () => {
    const text = `FROM scratch\nLABEL long=${'a'.repeat(100_000)}\n`
    expect(await labelsOf(await id(text))).toEqual({ long: 'a'.repeat(100_000) })
  })

  test('takes the value of an argument from its environment, and warns of unused ones', async () => {
    const text = 'FROM scratch\nARG A=default\nLABEL a=$A\nCOPY f /\n'
    const args = [
      'build',
      '-f',
      '-',
      '--build-arg',
      'A',
      '--build-arg',
      'B=1',
      '-t',
      'args',
      context,
    ]
    const outcome = await strake.with({ input: text, env: { A: 'own' } }, ...args)
    expect(outcome.stderr).toContain('one or more build-args B were not consumed')
    expect(await labelsOf('args')).toEqual({ a: 'own' })
    await strake.with({ input: text }, ...args)
    expect(await labelsOf('args')).toEqual({ a: 'default' })
  })

  test('finds a stage by its name in any case and by its number, and suggests one', async () => {
    const text = 'FROM busybox AS first\nFROM scratch AS last\nCOPY f /\n'
    expect(await id(text, '--target', 'LAST')).toBe(usual)
    expect(await id(text, '--target', '1')).toBe(usual)
    const { stderr } = await build(text, '--target', 'lst')
    expect(stderr).toContain('try: did you mean last')
  })

  test('gives an image several names', async () => {
    await id(dockerfile, '-t', 'one', '-t', 'example.test/two/three:4')
    for (const name of ['one:latest', 'example.test/two/three:4']) {
      expect(await strake.ok('inspect', '-f', '{{.Id}}', name)).toBe(usual)
    }
  })

  test('writes a directory for each platform, and one directory of the result', async () => {
    const out = join(strake.directory, 'out')
    await strake.ok('build', '--platform', 'linux/amd64,linux/arm64', '-o', out, context)
    expect((await readdir(out)).sort()).toEqual(['linux_amd64', 'linux_arm64'])
    const part = join(strake.directory, 'new/part')
    await build(
      'FROM scratch\nCOPY f /srv/site/\nCOPY f /\n',
      '-o',
      `type=local,dest=${part},src=srv`,
    )
    expect(await readdir(part)).toEqual(['site'])
  })

  describe('with a context', () => {
    const skippable = Buffer.from('502a4d180400000061626364', 'hex')
    const archive = async (...compress: readonly string[]): Promise<Uint8Array> => {
      const script = `tar -C "$1" -c . | ${compress.join(' ')}`
      const child = Bun.spawn(['sh', '-c', script, 'sh', context], { stdout: 'pipe' })
      return new Uint8Array(await new Response(child.stdout).arrayBuffer())
    }
    const kinds: readonly (readonly string[])[] = [
      ['cat'],
      ['gzip'],
      ['bzip2'],
      ['xz'],
      ['zstd', '-q'],
    ]

    test.each(kinds)(
      'of an archive of %s on standard input and on a web server',
      async (...words) => {
        const body = await archive(...words)
        const read = await strake.with({ input: body }, 'build', '-q', '-')
        expect(read.stdout.trim()).toBe(usual)
        using server = Bun.serve({
          port: 0,
          hostname: '127.0.0.1',
          fetch: () => new Response(body),
        })
        expect(await strake.ok('build', '-q', new URL('context', server.url).href)).toBe(usual)
      },
    )

    test('of zstd that begins with a frame to skip, also for ADD', async () => {
      const body = Buffer.concat([skippable, await archive('zstd', '-q')])
      const read = await strake.with({ input: body }, 'build', '-q', '-')
      expect(read.stdout.trim()).toBe(usual)
      await writeFile(join(context, 'a.tar.zst'), body)
      const out = join(strake.directory, 'unpacked')
      expect((await build('FROM scratch\nADD a.tar.zst /\n', '-o', out)).exitCode).toBe(0)
      expect(await readFile(join(out, 'f'), 'utf8')).toBe('x')
    })

    test('and its Dockerfile from a URL, and an ignore file beside the Dockerfile', async () => {
      using server = Bun.serve({
        port: 0,
        hostname: '127.0.0.1',
        fetch: () => new Response(dockerfile),
      })
      expect(await strake.ok('build', '-q', '-f', server.url.href, context)).toBe(usual)
      const files = { 'own/A.Dockerfile': dockerfile, 'own/A.Dockerfile.dockerignore': 'f\n' }
      await writeContext(strake.directory, files)
      const outcome = await strake(
        'build',
        '-f',
        join(strake.directory, 'own/A.Dockerfile'),
        context,
      )
      expect(outcome.stderr).toContain('Cannot copy f: .dockerignore excludes it')
    })

    test('and an ignore file of Podman, unless there is one of Docker', async () => {
      const files = {
        Dockerfile: 'FROM scratch\nCOPY . /\n',
        a: '',
        b: '',
        '.containerignore': 'a\n',
      }
      const directory = await writeContext(join(strake.directory, 'podman'), files)
      const listed = async (): Promise<readonly string[]> => {
        const out = join(strake.directory, 'podman-out')
        await strake.ok('build', '-o', `type=local,dest=${out},mode=delete`, directory)
        return (await readdir(out)).filter((name) => /^[ab]$/.test(name))
      }
      expect(await listed()).toEqual(['b'])
      await writeFile(join(directory, '.dockerignore'), 'b\n')
      expect(await listed()).toEqual(['a'])
    })

    test('of a repository, in every form of its URL', async () => {
      if (Bun.which('git') === null) return console.info('skipped: needs git')
      const commit = await repository()
      using server = Bun.serve({
        port: 0,
        hostname: '127.0.0.1',
        async fetch({ url }) {
          const file = Bun.file(join(strake.directory, new URL(url).pathname))
          return new Response(file, { status: (await file.exists()) ? 200 : 404 })
        },
      })
      const base = `${server.url.origin}/git/project.git`
      const forms = [
        ...['', '#main', '#v1', '#:', `#${commit}`, '?ref=main', '?branch=main', '?tag=v1'],
        ...[`?checksum=${commit.slice(0, 12)}`, `?commit=${commit}&fetch-by-commit=true`],
        ...['?submodules=false', '?mtime=checkout', '?mtime=commit'],
      ]
      const built = await Promise.all(
        forms.map(async (form) => [form, await strake.ok('build', '-q', `${base}${form}`)]),
      )
      const [first = []] = built
      expect(built).toEqual(forms.map((form) => [form, first[1] ?? '']))
      const part = await strake.ok('build', '-q', `${base}#main:sub`)
      expect(await strake.ok('build', '-q', `${base}?branch=main&subdir=sub`)).toBe(part)
      for (const [form, message] of [
        ['?branch=none', 'there is no such ref'],
        ['?nope=1', 'there is no option "nope"'],
        ['?mtime=never', 'mtime is commit or checkout'],
        [`?ref=main&commit=${'0'.repeat(40)}`, `its commit is ${commit}`],
      ] as const) {
        const outcome = await strake('build', '-q', `${base}${form}`)
        expect(outcome.stderr).toContain(message)
      }
    })

    /** Makes a bare repository that a plain web server can serve. Returns its commit. */
    const repository = async (): Promise<string> => {
      const work = join(strake.directory, 'git-work')
      await writeContext(work, {
        Dockerfile: dockerfile,
        f: 'x',
        'sub/Dockerfile': dockerfile,
        'sub/f': 'y',
      })
      await mkdir(join(strake.directory, 'git'))
      const script =
        'git init -q -b main; git add .; git commit -q -m one; git tag v1; git clone -q --bare . ../git/project.git; git -C ../git/project.git update-server-info; git rev-parse HEAD'
      const env = {
        ...{ GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'a' },
        ...{
          GIT_COMMITTER_EMAIL: 'a@b',
          GIT_CONFIG_GLOBAL: '/dev/null',
          PATH: process.env['PATH'] ?? '',
        },
      }
      const made = await command(['sh', '-euc', script], { cwd: work, env })
      expect(made).toMatchObject({ exitCode: 0 })
      return made.stdout.trim()
    }
  })
})
