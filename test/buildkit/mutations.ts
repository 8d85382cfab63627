import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { command } from '../e2e/strake.ts'
import { fixtures } from './bases.ts'
import { type BuilderOutcome, instructionsThatRan } from './builder.ts'
import { type BuildSettings, type Case, type PreparedCase, prepareCase, readCase } from './case.ts'

/** A change of a Dockerfile, its context or its options, after which the Dockerfile is built again. */
export interface Mutation {
  readonly name: string
  /** The Dockerfile of the collection. */
  readonly of: string
  /** Replacements in the text of the Dockerfile. */
  readonly edit?: readonly (readonly [from: string, to: string])[]
  /** A shell command in the context. Named contexts and secrets are beside it. */
  readonly change?: string
  readonly options?: Partial<BuildSettings>
}

const steps = (name: string, rest: Omit<Mutation, 'name' | 'of'>): Mutation => ({
  name,
  of: 'cache-steps',
  ...rest,
})
const stages = (name: string, rest: Omit<Mutation, 'name' | 'of'>): Mutation => ({
  name,
  of: 'cache-stages',
  ...rest,
})
const mounts = (name: string, rest: Omit<Mutation, 'name' | 'of'>): Mutation => ({
  name,
  of: 'cache-mounts',
  ...rest,
})

export const mutations: readonly Mutation[] = [
  steps('nothing', {}),
  steps('the time of a file', { change: 'touch -d @1700000001 a.txt' }),
  steps('the time of a directory', { change: 'touch -d @1700000001 deep deep/one' }),
  steps('the content of a file', { change: 'echo changed > a.txt' }),
  steps('the content of a file below a directory', { change: 'echo changed > deep/two/y.txt' }),
  steps('the mode of a file', { change: 'chmod 600 b.txt' }),
  steps('the mode of a directory', { change: 'chmod 700 deep/two' }),
  steps('the mode of a directory at the top of a source', { change: 'chmod 750 deep' }),
  steps('the owner of a file', { change: 'chown 1000:1000 a.txt' }),
  steps('the name of a file', { change: 'mv deep/two/y.txt deep/two/w.txt' }),
  steps('a new file', { change: 'echo new > deep/new' }),
  steps('a new empty directory', { change: 'mkdir deep/empty' }),
  steps('a file that is gone', { change: 'rm deep/one/x.txt' }),
  steps('the target of a link', { change: 'ln -sf elsewhere deep/one/link' }),
  steps('a file that is a link to its content now', {
    change: 'mv b.txt moved; ln -s moved b.txt',
  }),
  steps('a file that is a hard link to an equal file now', {
    change: 'ln -f deep/two/y.txt deep/two/copy',
  }),
  steps('a file that is a directory now', { change: 'rm deep/two/z.md; mkdir deep/two/z.md' }),
  steps('an ignored file', { change: 'echo more >> c.md; echo more >> noise.log' }),
  steps('a file that no step uses', { change: 'echo more >> many/f1.conf' }),
  steps('a comment of .dockerignore', { change: 'echo "# nothing" >> .dockerignore' }),
  steps('.dockerignore, which excludes a used file', {
    change: 'echo deep/two/z.md >> .dockerignore',
  }),
  steps('a comment', { edit: [['RUN echo first', '# a comment\nRUN echo first']] }),
  steps('empty lines and indentation', {
    edit: [
      ['RUN echo first > /first\n', '\n\n   RUN   echo first > /first  \n'],
      ['COPY deep /deep', 'COPY   deep   /deep'],
    ],
  }),
  steps('a space within a command', { edit: [['echo second >', 'echo second  >']] }),
  steps('the case of keywords', {
    edit: [
      ['RUN echo first', 'run echo first'],
      ['COPY deep', 'copy deep'],
    ],
  }),
  steps('a command that continues on a second line', {
    edit: [['echo first > /first', 'echo first \\\n> /first']],
  }),
  steps('the first command', { edit: [['echo first >', 'echo 1 >']] }),
  steps('the last command', { edit: [['echo last', 'echo the last']] }),
  steps('a command in the exec form', {
    edit: [['RUN echo second > /second', 'RUN ["/bin/sh", "-c", "echo second > /second"]']],
  }),
  steps('the order of steps', {
    edit: [
      ['COPY a.txt b.txt /copied/\nCOPY deep /deep', 'COPY deep /deep\nCOPY a.txt b.txt /copied/'],
    ],
  }),
  steps('the order of sources', { edit: [['COPY a.txt b.txt', 'COPY b.txt a.txt']] }),
  steps('sources as a wildcard', { edit: [['COPY a.txt b.txt', 'COPY [ab].txt']] }),
  steps('a step that is two steps now', {
    edit: [['COPY a.txt b.txt /copied/', 'COPY a.txt /copied/\nCOPY b.txt /copied/']],
  }),
  steps('the destination of a COPY', { edit: [['COPY deep /deep', 'COPY deep /deeper']] }),
  steps('a slash after a destination', { edit: [['COPY deep /deep', 'COPY deep/ /deep/']] }),
  steps('--chown of a COPY', { edit: [['COPY deep', 'COPY --chown=1:1 deep']] }),
  steps('--chmod of a COPY', { edit: [['COPY deep', 'COPY --chmod=700 deep']] }),
  steps('ADD in place of COPY', { edit: [['COPY deep', 'ADD deep']] }),
  steps('a variable', { edit: [['ENV MODE=one', 'ENV MODE=two']] }),
  steps('a variable that is set at the end', { edit: [['USER node', 'USER node\nENV END=1']] }),
  steps('a variable that is set after all steps', {
    edit: [['echo last > /tmp/last', 'echo last > /tmp/last\nENV END=1']],
  }),
  steps('a label', { edit: [['kind=cache', 'kind=other']] }),
  steps('instructions that change the config only', {
    edit: [
      [
        'LABEL kind=cache',
        'LABEL kind=cache\nEXPOSE 80\nVOLUME /v\nSTOPSIGNAL 9\nHEALTHCHECK CMD true\nCMD ["x"]\nENTRYPOINT ["y"]\nONBUILD RUN z\nMAINTAINER me',
      ],
    ],
  }),
  steps('SHELL', { edit: [['WORKDIR /work', 'SHELL ["/bin/ash", "-c"]\nWORKDIR /work']] }),
  steps('USER', { edit: [['USER node', 'USER app']] }),
  steps('WORKDIR', { edit: [['WORKDIR /work', 'WORKDIR /other']] }),
  steps('the spelling of WORKDIR', { edit: [['WORKDIR /work', 'WORKDIR work/']] }),
  steps('the text of a heredoc', { edit: [['text of', 'words of']] }),
  steps('the delimiter of a heredoc', {
    edit: [
      ['<<EOF', '<<END'],
      ['\nEOF\n', '\nEND\n'],
    ],
  }),
  steps('quotes of a delimiter', {
    edit: [
      ['<<EOF', '<<"EOF"'],
      ['text of $MODE', 'text of one'],
    ],
  }),
  steps('the default of a used argument', { edit: [['USED=none', 'USED=given']] }),
  steps('--build-arg of a used argument', { options: { arguments: { USED: 'cli' } } }),
  steps('--build-arg with the default', { options: { arguments: { USED: 'none' } } }),
  steps('--build-arg that no command names', { options: { arguments: { UNUSED: 'cli' } } }),
  steps('--build-arg that no ARG declares', { options: { arguments: { OTHER: 'cli' } } }),
  steps('--build-arg of a proxy', { options: { arguments: { HTTP_PROXY: 'http://p.example' } } }),
  steps('an argument that is removed', { edit: [['ARG UNUSED=none\n', '']] }),
  steps('--label', { options: { labels: { a: 'b' } } }),
  steps('--no-cache', { options: { noCache: true } }),
  steps('the base image', { edit: [['FROM busybox', 'FROM odd']] }),
  steps('a base image of the same files with other variables', {
    edit: [['FROM busybox', 'FROM node:24']],
  }),
  steps('a base image of the same files with another CMD', {
    edit: [['FROM busybox', 'FROM rust:1\nENV CARGO_HOME=']],
  }),
  steps('the name of the stage', { edit: [['FROM busybox', 'FROM busybox AS named']] }),
  steps('a new stage that nothing uses', {
    edit: [['FROM busybox', 'FROM odd AS unused\nRUN false\nFROM busybox']],
  }),
  stages('nothing', {}),
  stages('a source file', { change: 'echo "// more" >> main.go' }),
  stages('a file that the command of the stage does not read', {
    change: 'echo "-- more" >> migrations/001_init.sql',
  }),
  stages('a file that is copied before', { change: 'echo "example.com/x v1" >> go.sum' }),
  stages('a command with the same result', { edit: [['echo tool >', 'true; echo tool >']] }),
  stages('a command with another result in a file that is not copied', {
    edit: [['echo extra', 'echo other']],
  }),
  stages('a command with another result', { edit: [['echo tool >', 'echo hammer >']] }),
  stages('the name of a stage', {
    edit: [
      ['AS build', 'AS compile'],
      ['--from=build', '--from=compile'],
    ],
  }),
  stages('a stage by its number', { edit: [['--from=tools', '--from=1']] }),
  stages('the order of two COPYs', {
    edit: [
      [
        'COPY --from=build /out/tool /bin/tool\nCOPY --from=tools /tool /tool',
        'COPY --from=tools /tool /tool\nCOPY --from=build /out/tool /bin/tool',
      ],
    ],
  }),
  stages('the directory of a stage', { edit: [['WORKDIR /src', 'WORKDIR /code']] }),
  stages('the base of the last stage, with equal files', {
    edit: [['FROM busybox\nCOPY', 'FROM nginx:1\nCOPY']],
  }),
  stages('the base of a stage', { edit: [['FROM busybox AS tools', 'FROM odd AS tools']] }),
  stages('an image in place of a stage', {
    edit: [['--from=tools /tool /tool', '--from=odd /data/first /tool']],
  }),
  stages('--target', { options: { target: 'tools' } }),
  mounts('nothing', {}),
  mounts('the content of a mounted file', { change: 'echo changed > a.txt' }),
  mounts('the time of a mounted file', { change: 'touch -d @1700000001 a.txt' }),
  mounts('the mode of a mounted file', { change: 'chmod 600 a.txt' }),
  mounts('a file in a mounted directory', { change: 'echo new > deep/one/new' }),
  mounts('a file beside a mounted directory', { change: 'echo new > deep/new' }),
  mounts('a file that --exclude excludes', { change: 'echo more >> deep/two/z.md' }),
  mounts('the content of a file that COPY gives an owner and a mode', {
    change: 'echo changed > b.txt',
  }),
  mounts('the mode of a file that --chmod replaces', { change: 'chmod 600 b.txt' }),
  mounts('the value of a secret', { options: { secrets: { token: 'two' } } }),
  mounts('the target of a secret', { edit: [['id=token test', 'id=token,target=/t test']] }),
  mounts('the ID of a cache', { edit: [['id=dates', 'id=others']] }),
  mounts('the sharing of a cache', { edit: [['id=dates', 'id=dates,sharing=locked']] }),
  mounts('the target of a mount', { edit: [['target=/a cat /a', 'target=/aa cat /aa']] }),
  mounts('a mount that is writable', { edit: [['source=a.txt,', 'source=a.txt,rw,']] }),
  mounts('the order of mount keys', {
    edit: [['source=a.txt,target=/a', 'target=/a,source=a.txt']],
  }),
  mounts('a mounted file of a named context', { change: 'echo {} > ../named-shared/config.json' }),
  mounts('a copied file of a named context', {
    change: 'echo more >> ../named-shared/lib/util.sh',
  }),
  mounts('the network', {
    edit: [
      ['RUN --mount=type=bind,source=a.txt', 'RUN --network=none --mount=type=bind,source=a.txt'],
    ],
  }),
  mounts('a tmpfs', {
    edit: [
      [
        'RUN --mount=type=bind,source=a.txt',
        'RUN --mount=type=tmpfs,target=/t --mount=type=bind,source=a.txt',
      ],
    ],
  }),
  mounts('a mounted directory of a stage with equal content', {
    edit: [
      ['FROM busybox', 'FROM scratch AS same\nCOPY a.txt /a.txt\nFROM busybox'],
      ['type=bind,source=a.txt', 'type=bind,from=same,source=a.txt'],
    ],
  }),
]

/** The full name of a mutation, which answers are kept under. */
export function titleOf({ of, name }: Mutation): string {
  return `${of}: ${name}`
}

/** Where the steps are kept that BuildKit runs again. */
export const rebuiltPath: string = join(fixtures, 'rebuilt.json')

/** The Dockerfiles that mutations change. */
export const mutated: readonly string[] = [...new Set(mutations.map(({ of }) => of))]

/** Builds a mutation, and returns the steps that ran, as `build 2 RUN`. */
export async function ranAfter(
  mutation: Mutation,
  directory: string,
  build: (prepared: PreparedCase) => Promise<BuilderOutcome>,
): Promise<readonly string[]> {
  await mkdir(directory)
  try {
    const prepared = await prepareCase(mutate(await readCase(mutation.of), mutation), directory)
    if (mutation.change !== undefined) await run(mutation.change, prepared.context)
    const { error, steps } = await build(prepared)
    if (error !== undefined) throw new Error(`${titleOf(mutation)} is not built:\n${error}`)
    return instructionsThatRan(steps)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function mutate(original: Case, { name, edit = [], options }: Mutation): Case {
  let { text } = original
  for (const [from, to] of edit) {
    if (!text.includes(from)) throw new Error(`${name}: the Dockerfile has no ${from}`)
    text = text.replace(from, to)
  }
  return { ...original, text, options: { ...original.options, ...options } }
}

async function run(script: string, cwd: string): Promise<void> {
  const { exitCode, stderr } = await command(['sh', '-euc', `umask 022\n${script}`], { cwd })
  if (exitCode !== 0) throw new Error(`${script}: ${stderr}`)
}
