import { describe, test } from 'bun:test'
import { openWorkshop } from '../testing/fixture.ts'
import { checkMutation, file, type Mutation, type Project } from './testing/mutation.ts'

const copies: Project = {
  dockerfile: 'FROM scratch\nCOPY a /a\nCOPY b /b\nCOPY c /c\n',
  files: { a: 'a', b: 'b', c: 'c' },
}
const tree: Project = {
  dockerfile: 'FROM scratch\nCOPY . /all/\n',
  files: { 'src/x': 'x', 'src/y': 'y', z: 'z' },
}
const stages: Project = {
  dockerfile:
    'FROM scratch AS one\nCOPY a /a\nFROM scratch AS two\nCOPY b /b\nFROM scratch\nCOPY --from=one /a /from-one\nCOPY --from=two /b /from-two\n',
  files: { a: 'a', b: 'b' },
}
const based: Project = {
  dockerfile: 'FROM base\nWORKDIR /w\nCOPY a .\n',
  files: { a: 'a' },
  images: { base: { old: 'old' } },
}

const mutations: readonly Mutation[] = [
  { name: 'nothing', before: copies, after: {}, causes: {} },
  {
    name: 'the last file',
    before: copies,
    after: { files: { c: 'C' } },
    causes: { 'COPY c': [`file c: ${file('c')} -> ${file('C')}`] },
  },
  {
    name: 'the first file',
    before: copies,
    after: { files: { a: 'A' } },
    causes: {
      'COPY a': [`file a: ${file('a')} -> ${file('A')}`],
      'COPY b': ['step [1/3] COPY a /a'],
      'COPY c': ['step [2/3] COPY b /b'],
    },
  },
  {
    name: 'two files',
    before: copies,
    after: { files: { b: 'B', c: 'C' } },
    causes: {
      'COPY b': [`file b: ${file('b')} -> ${file('B')}`],
      'COPY c': [`file c: ${file('c')} -> ${file('C')}`, 'step [2/3] COPY b /b'],
    },
  },
  {
    name: 'the mode of a file',
    before: copies,
    after: { files: { c: { text: 'c', mode: 0o755 } } },
    causes: { 'COPY c': [`file c: ${file('c')} -> ${file('c', '755')}`] },
  },
  {
    name: 'a file that no step uses',
    before: copies,
    after: { files: { d: 'd' } },
    causes: {},
  },
  {
    name: 'a file in a directory',
    before: tree,
    after: { files: { 'src/y': 'Y' } },
    causes: { COPY: [`file src/y: ${file('y')} -> ${file('Y')}`] },
  },
  {
    name: 'an added file',
    before: tree,
    after: { files: { 'src/n': 'n' } },
    causes: { COPY: [`file src/n: - -> ${file('n')}`] },
  },
  {
    name: 'a removed file',
    before: tree,
    after: { files: { 'src/y': undefined } },
    causes: { COPY: [`file src/y: ${file('y')} -> -`] },
  },
  {
    name: 'an added directory',
    before: tree,
    after: { files: { 'n/f': 'f' } },
    causes: { COPY: ['file n: - -> directory 755', `file n/f: - -> ${file('f')}`] },
  },
  {
    name: 'a link in place of a file',
    before: tree,
    after: { files: { z: { link: 'src/x' } } },
    causes: { COPY: [`file z: ${file('z')} -> symlink "src/x"`] },
  },
  {
    name: 'the target of a link',
    before: { ...tree, files: { ...tree.files, l: { link: 'z' } } },
    after: { files: { l: { link: 'src/x' } } },
    causes: { COPY: ['file l: symlink "z" -> symlink "src/x"'] },
  },
  {
    name: 'a new line of .dockerignore',
    before: { ...tree, files: { ...tree.files, '.dockerignore': '.dockerignore\n' } },
    after: { files: { '.dockerignore': '.dockerignore\nz\n' } },
    causes: { COPY: [`file z: ${file('z')} -> -`] },
  },
  {
    name: 'an inserted COPY',
    before: copies,
    after: { dockerfile: 'FROM scratch\nCOPY a /a\nCOPY a /n\nCOPY b /b\nCOPY c /c\n' },
    causes: {
      'COPY a /n': ['new [2/4] COPY a /n'],
      'COPY b': ['step [2/4] COPY a /n: COPY a /a -> COPY a /n'],
      'COPY c': ['step [3/4] COPY b /b'],
    },
  },
  {
    name: 'a removed COPY',
    before: copies,
    after: { dockerfile: 'FROM scratch\nCOPY a /a\nCOPY c /c\n' },
    causes: { 'COPY c': ['step [1/2] COPY a /a: COPY b /b -> COPY a /a'] },
  },
  {
    name: 'a new COPY at the end',
    before: copies,
    after: { dockerfile: `${copies.dockerfile}COPY a /n\n` },
    causes: { 'COPY a /n': ['new [4/4] COPY a /n'] },
  },
  {
    name: 'another destination',
    before: copies,
    after: { dockerfile: 'FROM scratch\nCOPY a /a\nCOPY b /B\nCOPY c /c\n' },
    causes: {
      'COPY b': ['instruction the instruction: COPY b /b -> COPY b /B'],
      'COPY c': ['step [2/3] COPY b /B: COPY b /b -> COPY b /B'],
    },
  },
  {
    name: 'another source',
    before: copies,
    after: { dockerfile: 'FROM scratch\nCOPY a /a\nCOPY b /b\nCOPY a /c\n' },
    causes: {
      'COPY a /c': [
        'instruction the instruction: COPY c /c -> COPY a /c',
        `file a: - -> ${file('a')}`,
        `file c: ${file('c')} -> -`,
      ],
    },
  },
  {
    name: '--chmod',
    before: copies,
    after: { dockerfile: 'FROM scratch\nCOPY a /a\nCOPY b /b\nCOPY --chmod=600 c /c\n' },
    causes: { 'COPY --chmod': ['instruction the instruction: COPY c /c -> COPY --chmod=600 c /c'] },
  },
  {
    name: 'an argument in --chown',
    before: {
      dockerfile: 'FROM scratch\nARG owner\nCOPY --chown=$owner a /\n',
      files: { a: 'a' },
      options: { buildArgs: { owner: '1:1' } },
    },
    after: { options: { buildArgs: { owner: '2:2' } } },
    causes: { COPY: ['instruction --chown: 1:1 -> 2:2'] },
  },
  {
    name: 'an argument in a source',
    before: {
      dockerfile: 'FROM scratch\nARG name\nCOPY $name /f\n',
      files: { a: 'a', b: 'b' },
      options: { buildArgs: { name: 'a' } },
    },
    after: { options: { buildArgs: { name: 'b' } } },
    causes: {
      COPY: [
        'instruction the sources: [{"kind":"path","path":"a"}] -> [{"kind":"path","path":"b"}]',
        `file a: ${file('a')} -> -`,
        `file b: - -> ${file('b')}`,
      ],
    },
  },
  {
    name: 'a heredoc',
    before: { dockerfile: 'FROM scratch\nCOPY <<f /\none\nf\n' },
    after: { dockerfile: 'FROM scratch\nCOPY <<f /\ntwo\nf\n' },
    causes: {
      COPY: [
        'instruction the sources: [{"kind":"inline","name":"f","content":"one\\n"}] -> [{"kind":"inline","name":"f","content":"two\\n"}]',
        'file f: inline "one\\n" -> inline "two\\n"',
      ],
    },
  },
  {
    name: 'a comment and white space',
    before: copies,
    after: { dockerfile: '# new\nFROM scratch\n\nCOPY a   /a\nCOPY b /b\nCOPY c \\\n  /c\n' },
    causes: {},
  },
  {
    name: 'labels and commands',
    before: copies,
    after: { dockerfile: `${copies.dockerfile}LABEL a=1\nCMD ["x"]\nENV a=1\nEXPOSE 80\n` },
    causes: {},
  },
  {
    name: 'a stage that is copied from',
    before: stages,
    after: { files: { b: 'B' } },
    causes: {
      'two 1/1': [`file b: ${file('b')} -> ${file('B')}`],
      '2/2] COPY --from=two': [`file b: ${file('b', '644 0:0')} -> ${file('B', '644 0:0')}`],
    },
    unsure: { '2/2] COPY --from=two': 'done' },
  },
  {
    name: 'a new file in a stage, which is not copied',
    before: stages,
    after: {
      dockerfile: stages.dockerfile.replace('COPY b /b\n', 'COPY b /b\nCOPY a /other\n'),
    },
    causes: { 'two 2/2': ['new [two 2/2] COPY a /other'] },
    unsure: { '2/2] COPY --from=two': 'cached' },
  },
  {
    name: 'a change of a stage that the target does not need',
    before: { ...stages, dockerfile: stages.dockerfile.replace(/COPY --from=two.*\n/, '') },
    after: { files: { b: 'B' } },
    causes: {},
  },
  {
    name: 'the digest of the base',
    before: based,
    after: { images: { base: { new: 'new' } } },
    causes: {
      WORKDIR: ['base base: OLD -> NEW'],
      COPY: ['step [2/3] WORKDIR /w'],
    },
  },
  {
    name: 'the name of the base',
    before: { ...based, images: { base: { old: 'old' }, other: { new: 'new' } } },
    after: { dockerfile: 'FROM other\nWORKDIR /w\nCOPY a .\n' },
    causes: {
      WORKDIR: ['base other: FROM base -> FROM other'],
      COPY: ['step [2/3] WORKDIR /w'],
    },
  },
  {
    name: 'the working directory',
    before: based,
    after: { dockerfile: 'FROM base\nWORKDIR /v\nCOPY a .\n' },
    causes: {
      WORKDIR: ['instruction the instruction: WORKDIR /w -> WORKDIR /v'],
      COPY: [
        'instruction the destination: /w -> /v',
        'step [2/3] WORKDIR /v: WORKDIR /w -> WORKDIR /v',
      ],
    },
  },
  {
    name: 'the user of a working directory',
    before: based,
    after: { dockerfile: 'FROM base\nUSER 5\nWORKDIR /w\nCOPY a .\n' },
    causes: {
      WORKDIR: ['setting the user: - -> 5'],
      COPY: ['step [2/3] WORKDIR /w'],
    },
    unsure: { COPY: 'done' },
  },
  {
    name: 'the base below --link',
    before: {
      dockerfile: 'FROM base\nCOPY --link a /a\nCOPY --link b /b\n',
      files: { a: 'a', b: 'b' },
      images: { base: { old: 'old' } },
    },
    after: { images: { base: { new: 'new' } } },
    causes: {},
  },
  {
    name: 'a file above --link',
    before: {
      dockerfile: 'FROM base\nCOPY --link a /a\nCOPY --link b /b\n',
      files: { a: 'a', b: 'b' },
      images: { base: { old: 'old' } },
    },
    after: { files: { a: 'A' } },
    causes: { 'COPY --link a': [`file a: ${file('a')} -> ${file('A')}`] },
  },
  {
    name: 'an image that is copied from',
    before: {
      dockerfile: 'FROM scratch\nCOPY --from=tools /t /t\n',
      images: { tools: { t: 'old' } },
    },
    after: { images: { tools: { t: 'new' } } },
    causes: { COPY: [`file t: ${file('old', '644 0:0')} -> ${file('new', '644 0:0')}`] },
  },
  {
    name: 'another file of an image that is copied from',
    before: {
      dockerfile: 'FROM scratch\nCOPY --from=tools /t /t\n',
      images: { tools: { t: 't' } },
    },
    after: { images: { tools: { t: 't', more: 'm' } } },
    causes: {},
  },
  {
    name: 'SOURCE_DATE_EPOCH',
    before: { ...copies, options: { epoch: 1 } },
    after: { options: { epoch: 2 } },
    causes: {
      'COPY a': ['time the time: 1 -> 2'],
      'COPY b': ['step [1/3] COPY a /a', 'time the time: 1 -> 2'],
      'COPY c': ['step [2/3] COPY b /b', 'time the time: 1 -> 2'],
    },
  },
  {
    name: '--timestamp now',
    before: { dockerfile: 'FROM scratch\nCOPY a /\n', files: { a: 'a' } },
    after: { options: { timestamp: 'now' } },
    causes: { COPY: ['time the time: derived -> kept'] },
  },
  {
    name: '--no-cache',
    before: copies,
    after: { options: { noCache: true } },
    causes: {
      'COPY a': ['uncached [1/3] COPY a /a'],
      'COPY b': ['uncached [2/3] COPY b /b'],
      'COPY c': ['uncached [3/3] COPY c /c'],
    },
  },
  {
    name: '--no-cache-filter',
    before: stages,
    after: { options: { noCacheStages: ['one'] } },
    causes: { 'one 1/1': ['uncached [one 1/1] COPY a /a'] },
    unsure: { '1/2] COPY --from=one': 'cached', '2/2] COPY --from=two': 'cached' },
  },
  {
    name: 'a named context',
    before: {
      dockerfile: 'FROM scratch\nCOPY --from=more f /\n',
      files: { 'more/f': 'f' },
    },
    after: { files: { 'more/f': 'F' } },
    causes: { COPY: [`file f: ${file('f')} -> ${file('F')}`] },
  },
  {
    name: '--parents',
    before: { dockerfile: 'FROM scratch\nCOPY src/x /\n', files: { 'src/x': 'x' } },
    after: { dockerfile: 'FROM scratch\nCOPY --parents src/x /\n' },
    causes: {
      COPY: [
        'instruction the instruction: COPY src/x / -> COPY --parents src/x /',
        'file src: - -> directory 755',
      ],
    },
  },
  {
    name: '--exclude',
    before: tree,
    after: { dockerfile: 'FROM scratch\nCOPY --exclude=z . /all/\n' },
    causes: {
      COPY: [
        'instruction the instruction: COPY . /all/ -> COPY --exclude=z . /all/',
        `file Dockerfile: DOCKERFILE`,
        `file z: ${file('z')} -> -`,
      ],
    },
  },
  {
    name: 'a directory that ADD copies',
    before: { dockerfile: 'FROM scratch\nADD src /s/\n', files: { 'src/x': 'x', 'src/y': 'y' } },
    after: { files: { 'src/x': 'X' } },
    causes: { ADD: [`file src/x: ${file('x')} -> ${file('X')}`] },
  },
  {
    name: 'COPY in place of ADD',
    before: { dockerfile: 'FROM scratch\nADD a /a\n', files: { a: 'a' } },
    after: { dockerfile: 'FROM scratch\nCOPY a /a\n' },
    causes: { COPY: ['instruction the instruction: ADD a /a -> COPY a /a'] },
  },
  {
    name: 'the order of two steps',
    before: copies,
    after: { dockerfile: 'FROM scratch\nCOPY a /a\nCOPY c /c\nCOPY b /b\n' },
    causes: {
      'COPY c': ['step [1/3] COPY a /a: COPY b /b -> COPY a /a'],
      'COPY b': ['new [3/3] COPY b /b'],
    },
  },
]

describe('predictBuild() and build() name the changed input of every step that runs', () => {
  for (const mutation of mutations) {
    test(mutation.name, async () => {
      await using workshop = await openWorkshop()
      await checkMutation(workshop, mutation)
    })
  }
})
