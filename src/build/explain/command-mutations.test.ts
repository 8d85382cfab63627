import { describe, test } from 'bun:test'
import { addBusybox, busyboxMissing, openWorkshop } from '../testing/fixture.ts'
import { checkMutation, file, hidden, type Mutation, type Project } from './testing/mutation.ts'

const runs: Project = {
  dockerfile: 'FROM busybox\nARG v\nENV e=1\nCOPY a /a\nRUN echo $v > /v\nRUN echo last > /l\n',
  files: { a: 'a' },
  options: { buildArgs: { v: '1' } },
}
const runOne = (line: string, more: Partial<Project> = {}): Project => ({
  dockerfile: `FROM busybox\n${line}\n`,
  ...more,
})

const commands: readonly Mutation[] = [
  { name: 'nothing', before: runs, after: {}, causes: {} },
  {
    name: 'an argument',
    before: runs,
    after: { options: { buildArgs: { v: '2' } } },
    causes: {
      'RUN echo $v': ['argument v: 1 -> 2'],
      'RUN echo last': ['argument v: 1 -> 2', 'step [3/4] RUN echo $v > /v'],
    },
  },
  {
    name: 'an argument that appears',
    before: { ...runs, options: {} },
    after: { options: { buildArgs: { v: '2' } } },
    causes: {
      'RUN echo $v': ['argument v: - -> 2'],
      'RUN echo last': ['argument v: - -> 2', 'step [3/4] RUN echo $v > /v'],
    },
  },
  {
    name: 'an argument that may be secret',
    before: runOne('ARG API_TOKEN\nRUN echo', { options: { buildArgs: { API_TOKEN: 'one' } } }),
    after: { options: { buildArgs: { API_TOKEN: 'two' } } },
    causes: { RUN: [`argument API_TOKEN: ${hidden('one')} -> ${hidden('two')}`] },
  },
  {
    name: 'the environment',
    before: runs,
    after: { dockerfile: runs.dockerfile.replace('e=1', 'e=2') },
    causes: {
      'RUN echo $v': ['environment e: 1 -> 2'],
      'RUN echo last': ['environment e: 1 -> 2'],
    },
  },
  {
    name: 'a file below a command',
    before: runs,
    after: { files: { a: 'A' } },
    causes: {
      COPY: [`file a: ${file('a')} -> ${file('A')}`],
      'RUN echo $v': ['step [2/4] COPY a /a'],
      'RUN echo last': ['step [3/4] RUN echo $v > /v'],
    },
  },
  {
    name: 'a command',
    before: runs,
    after: { dockerfile: runs.dockerfile.replace('echo last', 'echo final') },
    causes: {
      'RUN echo final': ['instruction the instruction: RUN echo last > /l -> RUN echo final > /l'],
    },
  },
  {
    name: 'a command with the same result',
    before: runs,
    after: { dockerfile: runs.dockerfile.replace('RUN echo $v', 'RUN true; echo $v') },
    causes: {
      'RUN true': ['instruction the instruction: RUN echo $v > /v -> RUN true; echo $v > /v'],
    },
    unsure: { 'RUN echo last': 'cached' },
  },
  {
    name: 'an inserted command that changes nothing',
    before: runs,
    after: { dockerfile: runs.dockerfile.replace('RUN echo last', 'RUN true\nRUN echo last') },
    causes: { 'RUN true': ['new [4/5] RUN true'] },
    unsure: { 'RUN echo last': 'cached' },
  },
  {
    name: 'an inserted command',
    before: runs,
    after: { dockerfile: runs.dockerfile.replace('RUN echo last', 'RUN echo > /n\nRUN echo last') },
    causes: {
      'RUN echo > /n': ['new [4/5] RUN echo > /n'],
      'RUN echo last': ['step [4/5] RUN echo > /n: RUN echo $v > /v -> RUN echo > /n'],
    },
    unsure: { 'RUN echo last': 'done' },
  },
  {
    name: 'the shell',
    before: runOne('RUN echo'),
    after: { dockerfile: 'FROM busybox\nSHELL ["/bin/sh", "-ec"]\nRUN echo\n' },
    causes: { RUN: ['instruction the command: /bin/sh -c echo -> /bin/sh -ec echo'] },
  },
  {
    name: 'the user',
    before: runOne('RUN echo'),
    after: { dockerfile: 'FROM busybox\nUSER app\nRUN echo\n' },
    causes: { RUN: ['setting the user: - -> app'] },
  },
  {
    name: 'the network',
    before: runOne('RUN echo'),
    after: { options: { network: 'none' } },
    causes: { RUN: ['setting the network: default -> none'] },
  },
  {
    name: 'a host name',
    before: runOne('RUN echo'),
    after: { options: { buildArgs: { BUILDKIT_SANDBOX_HOSTNAME: 'h' } } },
    causes: { RUN: ['setting the host name: - -> h'] },
  },
  {
    name: 'a limit of the user',
    before: runOne('RUN echo'),
    after: { options: { runSettings: { shmSize: 1_048_576 } } },
    causes: {
      RUN: ['setting --add-host, --ulimit or --shm-size: - -> {"shmSize":1048576}'],
    },
  },
  {
    name: 'a heredoc of a command',
    before: runOne('RUN <<E\necho one\nE'),
    after: { dockerfile: 'FROM busybox\nRUN <<E\necho two\nE\n' },
    causes: { RUN: ['instruction the command: HASH -> HASH'] },
  },
  {
    name: 'a mounted file of the context',
    before: runOne('RUN --mount=type=bind,source=a,target=/t cat /t', { files: { a: 'a' } }),
    after: { files: { a: 'A' } },
    causes: {
      'load a': [`file a: ${file('a')} -> ${file('A')}`],
      RUN: ['source [internal] load a of the build context for RUN'],
    },
  },
  {
    name: 'the target of a mount',
    before: runOne('RUN --mount=type=tmpfs,target=/t echo'),
    after: { dockerfile: 'FROM busybox\nRUN --mount=type=tmpfs,target=/u echo\n' },
    causes: {
      RUN: [
        'instruction the instruction: RUN --mount=type=tmpfs,target=/t echo -> RUN --mount=type=tmpfs,target=/u echo',
      ],
    },
  },
  {
    name: 'an argument in a mount',
    before: runOne('ARG size=1m\nRUN --mount=type=tmpfs,target=/t,size=$size echo'),
    after: {
      dockerfile: 'FROM busybox\nARG size=2m\nRUN --mount=type=tmpfs,target=/t,size=$size echo\n',
    },
    causes: {
      RUN: [
        'argument size: 1m -> 2m',
        'mount /t: {"kind":"tmpfs","target":"/t","size":1048576} -> {"kind":"tmpfs","target":"/t","size":2097152}',
      ],
    },
  },
  {
    name: 'the value of a secret',
    before: runOne('RUN --mount=type=secret,id=s cat /run/secrets/s', {
      options: { secrets: new Map([['s', Buffer.from('one')]]) },
    }),
    after: { options: { secrets: new Map([['s', Buffer.from('two')]]) } },
    causes: {},
  },
  {
    name: 'a stage that a command mounts',
    before: {
      dockerfile:
        'FROM scratch AS data\nCOPY a /a\nFROM busybox\nRUN --mount=from=data,target=/d cat /d/a > /r\n',
      files: { a: 'a' },
    },
    after: { files: { a: 'A' } },
    causes: {
      'data 1/1': [`file a: ${file('a')} -> ${file('A')}`],
      RUN: ['source [data 1/1] COPY a /a'],
    },
  },
]

describe.skipIf(busyboxMissing !== undefined)('predictBuild() and build(), for commands', () => {
  for (const mutation of commands) {
    test(mutation.name, async () => {
      await using workshop = await openWorkshop()
      await addBusybox(workshop)
      await checkMutation(workshop, mutation)
    })
  }
})
