import { expect, test } from 'bun:test'
import { parse } from '#dockerfile'
import { StrakeError } from '#oci'
import { inDependencyOrder } from '../model/graph.ts'
import { baseImage, linux, opOf, path, plan, usual } from '../testing/plan.ts'
import { createBuildArgs } from '../variables/scope.ts'
import { planBuild } from './plan.ts'

test('planBuild() plans the stages that the target needs, and resolves no other image', async () => {
  const text = `FROM one AS a
RUN make
FROM two AS unused
RUN never
FROM three
COPY --from=a /out /
COPY --from=four /bin/x /x
`
  const planned = await plan(text)
  expect(planned.resolved.toSorted()).toEqual(['four', 'one', 'three'])
  expect(planned.steps).toEqual([
    '[stage-2 1/3] FROM three',
    '[a 2/2] RUN make',
    '[stage-2 2/3] COPY --from=a /out /',
    '[stage-2 3/3] COPY --from=four /bin/x /x',
  ])
  const first = await plan(text, { target: 'A' })
  expect(first.steps).toEqual(['[a 1/2] FROM one', '[a 2/2] RUN make'])
})

test('planBuild() numbers the steps of an only stage without naming it', async () => {
  const { steps } = await plan('FROM scratch\nCOPY a /\nENV x=1\nWORKDIR /w\n')
  expect(steps).toEqual(['FROM scratch', '[1/2] COPY a /', '[2/2] WORKDIR /w'])
})

test('planBuild() gives FROM the global arguments, and stages only what they declare', async () => {
  const text = `ARG VERSION=1
ARG TAG=v$VERSION
FROM base:$TAG
ARG VERSION
ENV seen=$VERSION missing=$TAG
`
  const planned = await plan(text)
  expect(planned.resolved).toEqual(['base:v1'])
  expect(planned.config.Env).toEqual([usual, 'seen=1', 'missing='])
  const given = await plan(text, { args: { VERSION: '2', unheard: 'of' } })
  expect(given.resolved).toEqual(['base:v2'])
  expect(given.config.Env).toEqual([usual, 'seen=2', 'missing='])
  expect(given.unused).toEqual(['unheard'])
})

test('planBuild() passes arguments on to stages that are built from a stage', async () => {
  const { config } = await plan(
    'FROM b AS one\nARG a=1\nFROM one\nENV got=$a\nFROM b\nFROM one\nENV got=$a',
  )
  expect(config.Env).toEqual([usual, 'got=1'])
})

test('planBuild() lets the later of ENV and ARG win in a stage, and only ENV reach the image', async () => {
  const planned = await plan(
    'FROM b\nENV a=env\nARG a=arg\nARG b=arg\nENV b=env\nENV seen=$a,$b\nRUN x',
  )
  expect(opOf(planned, 'run').env).toEqual([usual, 'a=arg', 'b=env', 'seen=arg,env'])
  expect(planned.lines.at(-1)).toBe('RUN |2 a=arg b=env /bin/sh -c x # buildkit')
  expect(planned.config.Env).toEqual([usual, 'a=env', 'b=env', 'seen=arg,env'])
})

test('planBuild() lets ARG hide a variable of the base in its stage', async () => {
  const base = { Env: ['V=base'] }
  const seen = async (text: string, args = {}): Promise<readonly unknown[]> => {
    const planned = await plan(text, { base, args })
    return [
      opOf(planned, 'run').env.find((line) => line.startsWith('V=')),
      planned.config.Env?.filter((line) => !line.startsWith('PATH=')),
    ]
  }
  const text = 'FROM b\nARG V=mine\nENV COPY=$V\nRUN x'
  expect(await seen(text)).toEqual(['V=mine', ['V=base', 'COPY=mine']])
  expect(await seen(text, { V: 'cli' })).toEqual(['V=cli', ['V=base', 'COPY=cli']])
  expect(await seen('FROM b\nARG V\nRUN x')).toEqual(['V=base', ['V=base']])
  expect(await seen('FROM b\nARG V\nRUN x', { V: 'cli' })).toEqual(['V=cli', ['V=base']])
  const child = 'FROM b AS one\nARG V=mine\nFROM one\nRUN x'
  expect(await seen(child, { V: 'cli' })).toEqual(['V=base', ['V=base']])
})

test('planBuild() keeps the value of an argument that is declared again without one', async () => {
  const declared = 'FROM b AS one\nARG VERSION=1.0\nFROM one\nARG VERSION\nENV got=$VERSION\nRUN x'
  const planned = await plan(declared)
  expect(planned.config.Env).toEqual([usual, 'got=1.0'])
  expect(planned.lines).toContain('ARG VERSION')
  expect(planned.lines.at(-1)).toBe('RUN |1 VERSION=1.0 /bin/sh -c x # buildkit')
  expect((await plan('FROM b\nARG C=set\nARG C\nENV X=$C')).config.Env).toContain('X=set')
  const global =
    'ARG VERSION=2\nFROM b AS one\nARG VERSION=1.0\nFROM one\nARG VERSION\nENV X=$VERSION'
  expect((await plan(global)).config.Env).toContain('X=2')
})

test('planBuild() gives a base without PATH the usual search path, at FROM', async () => {
  expect((await plan('FROM b')).config.Env).toEqual([usual])
  expect((await plan('FROM scratch')).config.Env).toEqual([usual])
  expect((await plan('FROM b\nENV PATH=/venv/bin:$PATH')).config.Env).toEqual([
    `PATH=/venv/bin:${path}`,
  ])
  const base = { Env: ['PATH=/own', 'A=1'] }
  expect((await plan('FROM b\nENV PATH=/x:$PATH', { base })).config.Env).toEqual([
    'PATH=/x:/own',
    'A=1',
  ])
})

test('planBuild() expands a default with the arguments before it in the same line', async () => {
  const { config } = await plan('FROM b\nARG a=1 b c=$a$b\nENV got=$c', { args: { b: '2' } })
  expect(config.Env).toEqual([usual, 'got=12'])
})

test('planBuild() does not expand a default that is not needed', async () => {
  const text = 'FROM b\nARG a=$' + '{none:?needed}\nENV got=$a'
  await expect(plan(text)).rejects.toThrow('none: needed')
  expect((await plan(text, { args: { a: '1' } })).config.Env).toEqual([usual, 'got=1'])
})

test('planBuild() gives RUN the host name of a build argument', async () => {
  const args = { BUILDKIT_SANDBOX_HOSTNAME: 'foo' }
  const named = await plan('FROM b\nRUN x', { args })
  expect(opOf(named, 'run').hostname).toBe('foo')
  expect(named.target.digest).not.toBe((await plan('FROM b\nRUN x')).target.digest)
  for (const bad of ['a b', 'a\nb', '-a', 'x'.repeat(65)]) {
    const refused = plan('FROM b\nRUN x', { args: { BUILDKIT_SANDBOX_HOSTNAME: bad } })
    await expect(refused).rejects.toThrow('is not a host name')
  }
})

test('planBuild() substitutes with the variables from before the instruction', async () => {
  const { config } = await plan('FROM b\nENV abc=hello\nENV abc=bye def=$abc\nENV ghi=$abc')
  expect(config.Env).toEqual([usual, 'abc=bye', 'def=hello', 'ghi=bye'])
})

test('planBuild() puts the arguments declared before a RUN into its key, and no others', async () => {
  const digest = async (args: Record<string, string>, after = ''): Promise<string> =>
    (await plan(`FROM b\nARG a\nRUN x\n${after}`, { args })).target.digest
  expect(await digest({ a: '1' })).not.toBe(await digest({ a: '2' }))
  expect(await digest({ a: '1' })).toBe(await digest({ a: '1', other: '2' }))
  expect(await digest({ a: '1', late: '1' }, 'ARG late')).toBe(
    await digest({ a: '1', late: '2' }, 'ARG late'),
  )
})

test('planBuild() keeps proxies out of keys and history unless they are declared', async () => {
  const secret = { HTTP_PROXY: 'http://user:password@proxy' }
  const silent = await plan('FROM b\nRUN x', { args: secret })
  expect(JSON.stringify([silent.history, silent.target])).not.toContain('password')
  expect(silent.unused).toEqual([])
  const declared = await plan('FROM b\nARG HTTP_PROXY\nRUN x', { args: secret })
  expect(opOf(declared, 'run').env).toContain('HTTP_PROXY=http://user:password@proxy')
})

test('planBuild() defines the platform arguments in the global scope', async () => {
  const planned = await plan(
    'FROM --platform=$BUILDPLATFORM b:$TARGETARCH AS x\nARG TARGETPLATFORM\nARG TARGETSTAGE\nENV p=$TARGETPLATFORM s=$TARGETSTAGE o=$TARGETOS',
  )
  expect(planned.resolved).toEqual(['b:arm64'])
  expect(planned.config.Env).toEqual([usual, 'p=linux/arm64', 's=x', 'o='])
})

test('planBuild() writes the same history as BuildKit', async () => {
  const planned = await plan(`FROM b
MAINTAINER me
ARG v=1
LABEL a="b c"
ENV k=v w="x y"
EXPOSE 80 443/tcp 53/udp
VOLUME /data /log
USER app:staff
WORKDIR /app
SHELL ["/bin/bash", "-c"]
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=90s --retries=3 CMD curl localhost
COPY --chown=1:2 --chmod=755 a b ./
ADD c /d
RUN make
ENTRYPOINT ["/x", "y"]
CMD run it
ONBUILD RUN later
`)
  expect(planned.lines).toEqual([
    'MAINTAINER me',
    'ARG v=1',
    'LABEL a=b c',
    'ENV k=v w=x y',
    'EXPOSE [443/tcp 53/udp 80/tcp]',
    'VOLUME [/data /log]',
    'USER app:staff',
    'WORKDIR /app',
    'SHELL [/bin/bash -c]',
    'STOPSIGNAL SIGQUIT',
    'HEALTHCHECK {Test:[CMD-SHELL curl localhost] Interval:1m30s Timeout:0s StartPeriod:0s StartInterval:0s Retries:3}',
    'COPY --chown=1:2 --chmod=755 a b ./ # buildkit',
    'ADD c /d # buildkit',
    'RUN |1 v=1 /bin/bash -c make # buildkit',
    'ENTRYPOINT ["/x" "y"]',
    'CMD ["/bin/bash" "-c" "run it"]',
  ])
  expect(planned.author).toBe('me')
  expect(planned.config).toEqual({
    Labels: { a: 'b c' },
    Env: [usual, 'k=v', 'w=x y'],
    ExposedPorts: { '443/tcp': {}, '53/udp': {}, '80/tcp': {} },
    Volumes: { '/data': {}, '/log': {} },
    User: 'app:staff',
    WorkingDir: '/app',
    Shell: ['/bin/bash', '-c'],
    StopSignal: 'SIGQUIT',
    Healthcheck: {
      Test: ['CMD-SHELL', 'curl localhost'],
      Interval: 90_000_000_000,
      Retries: 3,
    },
    Entrypoint: ['/x', 'y'],
    Cmd: ['/bin/bash', '-c', 'run it'],
    OnBuild: ['RUN later'],
  })
})

test('planBuild() lets ENTRYPOINT drop the CMD of the base and keep that of the stage', async () => {
  const base = { Cmd: ['inherited'] }
  expect((await plan('FROM b\nENTRYPOINT ["x"]', { base })).config.Cmd).toBeUndefined()
  expect((await plan('FROM b\nCMD ["own"]\nENTRYPOINT ["x"]', { base })).config.Cmd).toEqual([
    'own',
  ])
  expect((await plan('FROM b\nENV a=1', { base })).config.Cmd).toEqual(['inherited'])
})

test('planBuild() plans the triggers of a base right after FROM and then drops them', async () => {
  const base = { OnBuild: ['ENV first=1', 'COPY . /src'], WorkingDir: '/w' }
  const planned = await plan('FROM b\nENV second=$first\nONBUILD RUN later', { base })
  expect(planned.steps).toEqual(['[1/2] FROM b', '[2/2] COPY . /src'])
  expect(planned.config.Env).toEqual([usual, 'first=1', 'second=1'])
  expect(planned.config.OnBuild).toEqual(['RUN later'])
  const nested = { OnBuild: ['ONBUILD RUN x'] }
  await expect(plan('FROM b', { base: nested })).rejects.toThrow(
    'ONBUILD trigger that cannot be run',
  )
})

test('planBuild() resolves WORKDIR and destinations against the earlier WORKDIR', async () => {
  const planned = await plan('FROM b\nWORKDIR /a\nWORKDIR b/../c\nCOPY x y', {
    base: { WorkingDir: '/z' },
  })
  expect(planned.config.WorkingDir).toBe('/a/c')
  expect(opOf(planned, 'copy')).toMatchObject({ destination: '/a/c/y', intoDirectory: false })
})

test('planBuild() makes RUN of a heredoc a script, a program or a command with input', async () => {
  const run = async (text: string): Promise<unknown> => opOf(await plan(`FROM b\n${text}`), 'run')
  expect(await run('RUN <<EOF\necho $a\nEOF\n')).toMatchObject({
    argv: ['/bin/sh', '-c', 'echo $a\n'],
  })
  expect(await run('RUN <<EOF\n#!/bin/awk -f\nx\nEOF\n')).toMatchObject({
    argv: ['/bin/sh', '-c', '/dev/pipes/EOF'],
    script: { path: '/dev/pipes/EOF', content: '#!/bin/awk -f\nx\n' },
  })
  expect(await run('RUN cat <<EOF | wc\nx\nEOF\n')).toMatchObject({
    argv: ['/bin/sh', '-c', 'cat <<EOF | wc\nx\nEOF'],
  })
})

test('planBuild() expands the bodies of COPY heredocs unless their name is quoted', async () => {
  const planned = await plan('FROM b\nENV v=1\nCOPY <<A <<"B" /d/\na "$v"\nA\nb $v\nB\n')
  expect(opOf(planned, 'copy').sources).toEqual([
    { kind: 'inline', name: 'A', content: 'a "1"\n' },
    { kind: 'inline', name: 'B', content: 'b $v\n' },
  ])
})

test('planBuild() takes a name of FROM that no earlier stage has as that of an image', async () => {
  for (const text of ['FROM a AS a\nRUN x\nFROM a', 'FROM a AS x\nRUN x\nFROM x AS a']) {
    const planned = await plan(text)
    expect(planned.resolved).toEqual(['a'])
    expect(planned.steps.at(-1)).toContain('RUN x')
  }
})

test('planBuild() copies from later stages', async () => {
  const { steps } = await plan(
    'FROM a AS x\nCOPY --from=y / /\nCOPY --from=2 / /\nFROM b AS y\nRUN y\nFROM c\nRUN z\nFROM x',
  )
  expect(steps.toSorted()).toEqual([
    '[stage-2 2/2] RUN z',
    '[x 1/3] FROM a',
    '[x 2/3] COPY --from=y / /',
    '[x 3/3] COPY --from=2 / /',
    '[y 2/2] RUN y',
  ])
})

const refusals: readonly (readonly [string, string])[] = [
  ['FROM a AS x\nFROM b\nCOPY --from=2 / /', 'stage index 2 is not that of a stage'],
  ['FROM a AS self\nCOPY --from=self / /', 'circular dependency detected on stage: self'],
  [
    'FROM a AS x\nCOPY --from=y / /\nFROM x AS y\nFROM x',
    'circular dependency detected on stage: x',
  ],
  [
    'FROM a AS x\nCOPY --from=y / /\nFROM b AS y\nRUN --mount=from=x,target=/x true',
    'circular dependency detected on stage: y',
  ],
  ['FROM a\nRUN --network=host y', 'needs the permission network.host'],
  ['FROM a\nADD https://h/y.git#--upload-pack=id /x', '"--upload-pack=id" is not a ref'],
  ['FROM a\nADD --keep-git-dir https://h/y /x', 'needs a git repository'],
  [`FROM a\nADD --checksum=abcd https://h/y /x`, 'is a commit, and the source is no git'],
  [
    `FROM a\nADD --checksum=sha256:${'a'.repeat(64)} git@h:y.git /x`,
    'is of a file, and the source is a git repository',
  ],
  ['FROM a\nADD --checksum=abcd git@h:y.git?checksum=abce /x', 'differs from the checksum'],
  [`FROM a\nWORKDIR ${'/d'.repeat(2048)}`, 'the path has more than 4095 bytes'],
  ['FROM a\nADD http://me:pw@[::1/x /x', 'Cannot use the URL http://[::1/x: it is not valid'],
  ['FROM a\nCOPY a b c', 'several sources needs a directory'],
  ['FROM $nothing', 'the base image $nothing is empty'],
  ['FROM a\nENV x=$' + '{y:?needed}', 'y: needed'],
  ['FROM a\nARG p=x\nEXPOSE $p', 'x is not a port'],
  ['FROM a\nARG s=x\nSTOPSIGNAL $s', '"x" is not a signal'],
]

test.each(refusals)('planBuild() refuses %p', async (text, reason) => {
  await expect(plan(text)).rejects.toThrow(reason)
})

test('planBuild() refuses a RUN that needs a permission without --allow', async () => {
  for (const [flag, grant] of [
    ['--network=host', 'network.host'],
    ['--security=insecure', 'security.insecure'],
  ] as const) {
    const text = `FROM a\nRUN ${flag} y`
    await expect(plan(text)).rejects.toMatchObject({
      message: expect.stringContaining(`RUN ${flag} needs the permission ${grant}`),
      remedy: `build with --allow ${grant} if you trust this Dockerfile`,
    })
    await expect(plan(text, { grants: [grant] })).resolves.toBeDefined()
  }
  const sandboxed = opOf(await plan('FROM a\nRUN --security=sandbox y'), 'run')
  expect(sandboxed).not.toHaveProperty('security')
})

test('planBuild() reads devices, and needs the permission for them', async () => {
  const text = (device: string): string => `FROM a\nRUN --device=${device} y`
  await expect(plan(text('v.com/c=n'))).rejects.toThrow('needs the permission device')
  const devices = async (device: string) =>
    opOf(await plan(text(device), { grants: ['device'] }), 'run').devices
  expect(await devices('v.com/c=n')).toEqual([{ name: 'v.com/c=n', isRequired: false }])
  expect(await devices('v.com/c,required')).toEqual([{ name: 'v.com/c', isRequired: true }])
  expect(await devices('v.com/c=*,required=false')).toEqual([
    { name: 'v.com/c=*', isRequired: false },
  ])
  const narrow = (grant: `device=${string}`) => plan(text('v.com/c=n'), { grants: [grant] })
  await expect(narrow('device=v.com/c=n')).resolves.toBeDefined()
  await expect(narrow('device=v.com/c')).resolves.toBeDefined()
  await expect(narrow('device=v.com/c=m')).rejects.toThrow('needs the permission device')
  await expect(devices('v.com/c,requird')).rejects.toThrow('(did you mean required?)')
  await expect(devices('/dev/sda')).rejects.toThrow('is not the name of a device')
})

test('planBuild() marks the steps of stages that run again', async () => {
  const text = 'FROM a AS one\nRUN 1\nFROM one AS two\nRUN 2'
  const { uncached, target } = await plan(text, { uncachedStages: ['one'] })
  const [, first, second] = inDependencyOrder(target)
  expect([...uncached]).toEqual([first?.digest ?? 'sha256:none'])
  expect(uncached).not.toContain(second?.digest)
})

test('planBuild() allows the host network when an option allows it', async () => {
  const planned = await plan('FROM a\nRUN --network=host y', { grants: ['network.host'] })
  expect(opOf(planned, 'run').network).toBe('host')
})

test('planBuild() names the stages when the target is none of them', async () => {
  const refused = plan('FROM a AS build\nFROM b AS test', { target: 'biuld' })
  await expect(refused).rejects.toMatchObject({
    message: 'Cannot build stage biuld: Dockerfile has no such stage',
    remedy: 'did you mean build',
  })
})

test('planBuild() warns of a base image for another platform and uses the platform of the image', async () => {
  const text = 'FROM --platform=linux/s390x b\n'
  const planned = await plan(text)
  expect(planned.sentences).toEqual([
    '1: Base image b was pulled with platform "linux/arm64", expected "linux/s390x" for current build',
  ])
  expect(planned.warnings).toEqual(['InvalidBaseImagePlatform'])
  expect(planned.platform).toEqual({ os: 'linux', architecture: 'arm64' })
})

test('planBuild() refuses arguments that double in size each time', async () => {
  const lines = Array.from({ length: 40 }, (_, index) => `ARG a${index + 1}=$a${index}$a${index}`)
  await expect(plan(`ARG a0=xxxxxxxxxx\n${lines.join('\n')}\nFROM b`)).rejects.toThrow('1 MiB')
})

test.each([
  ['biuld', 'did you mean the stage build'],
  ['zz', 'name an image that exists, or a stage above: build'],
  ['example.com/zz', undefined],
])('planBuild() explains the missing image %p', async (name, remedy) => {
  const text = `FROM a AS build\nFROM a\nCOPY --from=${name} /x /\n`
  const refused = planBuild(parse(text), {
    source: { text, name: 'Dockerfile' },
    buildArgs: createBuildArgs({}),
    platforms: { build: linux, targets: [linux] },
    network: 'default',
    grants: new Set(),
    warn: () => {},
    resolveImage: async (reference) => {
      if (reference === 'a') return { ...baseImage(), reference, isLocal: false }
      throw new StrakeError('NOT_FOUND', `Cannot use ${reference} as a base: there is none`)
    },
  })
  const error: unknown = await refused.catch((reason: unknown) => reason)
  expect(error).toHaveProperty('remedy', remedy)
  expect(String(error)).toContain(`3 | >>> COPY --from=${name} /x /`)
})

test('planBuild() makes a plan for every platform, and emits each warning once', async () => {
  const text = 'FROM b AS one\nARG TARGETARCH\nRUN echo $TARGETARCH\nENV x=$none\n'
  const [warnings, resolved]: [string[], string[]] = [[], []]
  const plans = await planBuild(parse(text), {
    source: { text, name: 'Dockerfile' },
    buildArgs: createBuildArgs({}),
    platforms: { build: linux, targets: [linux, { os: 'linux', architecture: 'arm64' }] },
    network: 'default',
    grants: new Set(),
    warn: (rule) => warnings.push(rule),
    async resolveImage(reference, { architecture }) {
      resolved.push(`${reference} ${architecture}`)
      const image = baseImage()
      const config = { ...image.config, architecture }
      return { ...image, config, reference, isLocal: false }
    },
  })
  expect(plans.map(({ platform }) => platform.architecture)).toEqual(['amd64', 'arm64'])
  expect(plans.map((each) => opOf(each, 'run').env.at(-1))).toEqual([
    'TARGETARCH=amd64',
    'TARGETARCH=arm64',
  ])
  expect(resolved).toEqual(['b amd64', 'b arm64'])
  expect(warnings).toEqual(['UndefinedVar'])
})

const repeated = (count: number, line: (index: number) => string): string =>
  `FROM b\n${Array.from({ length: count }, (_, index) => line(index)).join('\n')}`

/** An ARG of 1 MB, and a line that uses it again and again. */
const big = `ARG a=${'x'.repeat(1_000_000)}\n`
const many = Array.from({ length: 100 }, (_, index) => `b${index}=$a`).join(' ')

const excesses: readonly (readonly [string, string, string])[] = [
  ['steps', repeated(600, () => 'RUN x'), 'more than 500 steps'],
  ['ports', repeated(100, () => 'EXPOSE 1-65535'), 'larger than 4 MiB'],
  ['ports in one line', `FROM b\nEXPOSE ${'1-65535 '.repeat(100_000)}`, 'more than 262144 ports'],
  ['long ENVs in one line', `${big}FROM b\nARG a\nENV ${many}`, '16 MiB of text'],
  ['long LABELs in one line', `${big}FROM b\nARG a\nLABEL ${many}`, '16 MiB of text'],
  ['long ARGs in one line', `${big}FROM b\nARG a\nARG ${many}`, '16 MiB of text'],
  ['long global ARGs', `${big}${many.replaceAll(' ', '\nARG ').trim()}\nFROM b`, '16 MiB of text'],
  ['long volumes', `${big}FROM b\nARG a\nVOLUME ${'$a '.repeat(100)}`, '16 MiB of text'],
  ['long ports', `${big}FROM b\nARG a\nEXPOSE ${'$a '.repeat(100)}`, '16 MiB of text'],
  ['long sources', `${big}FROM b\nARG a\nCOPY ${'$a '.repeat(100)}/`, '16 MiB of text'],
  [
    'long environments',
    `FROM b\nENV a=${'x'.repeat(100_000)}\n${'RUN x\n'.repeat(400)}`,
    'of text',
  ],
  [
    'variables',
    `${repeated(5000, (index) => `ENV a${index}=b`)}\nRUN x`,
    'more than 4096 variables',
  ],
]

test.each(excesses)(
  'planBuild() refuses too many %s before it has processed all of them',
  async (_what, text, reason) => {
    await expect(plan(text)).rejects.toThrow(reason)
  },
)
