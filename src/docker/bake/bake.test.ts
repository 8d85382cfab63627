import { describe, expect, test } from 'bun:test'
import { readComposeFile } from './bake-compose.ts'
import { mergeFiles, readBakeDocument } from './bake-file.ts'
import { planBake } from './bake-plan.ts'
import { replaceInCompose, replaceVariables } from './bake-variables.ts'
import { buildWords } from './bake-words.ts'

const file = readBakeDocument(
  {
    group: { default: { targets: ['web', 'all'] }, all: { targets: ['db'] } },
    target: {
      base: { args: { A: '1', B: '1' }, platforms: ['linux/amd64'] },
      web: { inherits: ['base'], args: { B: '2' }, tags: ['web:1', 'web:2'], context: 'app' },
      db: { dockerfile: 'db.Dockerfile', output: [{ type: 'local', dest: 'out' }], pull: true },
    },
  },
  'bake.json',
)
const plan = (names: readonly string[] = [], changes: readonly string[] = []) =>
  planBake(file, { names, changes })

describe('bake files', () => {
  test('planBake() finds targets through groups, with what they inherit', () => {
    expect(plan()).toEqual([
      {
        name: 'web',
        target: {
          args: { A: '1', B: '2' },
          platforms: ['linux/amd64'],
          tags: ['web:1', 'web:2'],
          context: 'app',
        },
      },
      {
        name: 'db',
        target: { dockerfile: 'db.Dockerfile', output: ['type=local,dest=out'], pull: true },
      },
    ])
    expect(plan(['db', 'all', 'db']).map(({ name }) => name)).toEqual(['db'])
    expect(() => plan(['nosuch'])).toThrow('Cannot bake nosuch: there is no such target or group')
  })

  test('planBake() refuses groups and targets that contain themselves', () => {
    const looped = readBakeDocument(
      {
        group: { a: { targets: ['b'] }, b: { targets: ['a'] } },
        target: { x: { inherits: ['x'] } },
      },
      'f',
    )
    expect(() => planBake(looped, { names: ['a'], changes: [] })).toThrow('it has itself')
    expect(() => planBake(looped, { names: ['x'], changes: [] })).toThrow('inherits from itself')
  })

  test('planBake() applies --set to the targets of a pattern', () => {
    const [web, db] = plan(
      [],
      ['*.args.B=3', 'web.tags=x', 'web.tags=y', 'd*.pull=false', '*.platform=p'],
    )
    expect(web?.target).toMatchObject({
      args: { A: '1', B: '3' },
      tags: ['x', 'y'],
      platforms: ['p'],
    })
    expect(db?.target).toMatchObject({ args: { B: '3' }, pull: false })
    for (const change of ['web', 'web.nosuch=1', 'web.args=1', 'web.tags.x=1']) {
      expect(() => plan([], [change])).toThrow(`Cannot use --set ${change}`)
    }
  })

  test('readBakeDocument() refuses what it does not know, by name', () => {
    const read = (document: unknown) => () => readBakeDocument(document, 'f')
    expect(read([1, 2])).toThrow('Cannot bake from f: the file is no object')
    expect(read({ function: {} })).toThrow('it has function, which strake does not know')
    expect(read({ target: { a: { matrix: {} } } })).toThrow('the target a has matrix')
    expect(read({ target: { a: { args: { x: {} } } } })).toThrow('x in args of the target a')
    expect(read({ target: { a: { 'no-cache': 'yes' } } })).toThrow('has another type')
  })

  test('mergeFiles() joins maps, and replaces other values', () => {
    const more = readBakeDocument({ target: { base: { args: { B: '9' }, platforms: ['x'] } } }, 'g')
    expect(mergeFiles(file, more).targets['base']).toEqual({
      args: { A: '1', B: '9' },
      platforms: ['x'],
    })
  })

  test('replaceVariables() takes the environment before the default', () => {
    const document = {
      variable: { TAG: { default: 'one' }, EMPTY: {} },
      target: { a: { tags: [`x:\${TAG}\${EMPTY}`, `$\${TAG}`] } },
    }
    const tags = (env: Record<string, string>) => replaceVariables(document, 'f', env)
    expect(tags({})).toMatchObject({ target: { a: { tags: ['x:one', `\${TAG}`] } } })
    expect(tags({ TAG: 'two' })).toMatchObject({ target: { a: { tags: ['x:two', `\${TAG}`] } } })
    const bad = (text: string) => () => replaceVariables({ target: { a: text } }, 'f', {})
    expect(bad(`\${NOSUCH}`)).toThrow(`\${NOSUCH}: there is no such variable`)
    expect(bad(`\${upper(TAG)}`)).toThrow('strake evaluates no HCL')
    expect(bad('%{if true}')).toThrow('strake evaluates no HCL')
  })

  test('replaceInCompose() follows the rules of Compose', () => {
    const replace = (text: string) => replaceInCompose(text, 'f', { A: 'a', EMPTY: '' })
    expect(
      replace(`$A \${A} $$A \${NO} \${NO:-x} \${EMPTY:-x} \${EMPTY-x} \${A:+y} \${NO+y}`),
    ).toBe('a a $A  x x  y ')
    expect(() => replace(`\${NO:?must be set}`)).toThrow('NO is not set: must be set')
    expect(() => replace('$')).toThrow('is malformed')
  })

  test('readComposeFile() makes targets of the services with build', () => {
    const compose = readComposeFile(
      {
        services: {
          'web.front': {
            image: 'web:$TAG',
            build: {
              context: './web',
              dockerfile_inline: 'FROM scratch',
              args: ['A=1', 'B'],
              tags: ['more'],
              secrets: ['key'],
              ulimits: { nofile: { soft: 1, hard: 2 } },
              extra_hosts: ['a:1.2.3.4'],
              'x-bake': { platforms: ['linux/arm64'] },
            },
          },
          db: { image: 'db' },
          worker: { build: 'worker' },
        },
        secrets: { key: { file: 'key.txt' } },
      },
      'compose.yaml',
      { TAG: '1' },
    )
    expect(compose.groups).toEqual({ default: ['web_front', 'worker'] })
    expect(compose.targets['web_front']).toEqual({
      context: './web',
      'dockerfile-inline': 'FROM scratch',
      args: { A: '1', B: null },
      tags: ['web:1', 'more'],
      secret: ['id=key,src=key.txt'],
      ulimits: ['nofile=1:2'],
      'extra-hosts': { a: '1.2.3.4' },
      platforms: ['linux/arm64'],
    })
    const extended = { services: { a: { build: '.', extends: { service: 'b' } } } }
    expect(() => readComposeFile(extended, 'f', {})).toThrow('the service a has extends')
  })

  test('buildWords() writes a target as a command line of build', () => {
    const [web, db] = plan()
    expect(buildWords(web?.target ?? {}, undefined)).toEqual([
      ...['--tag=web:1', '--tag=web:2', '--platform=linux/amd64'],
      ...['--build-arg=A=1', '--build-arg=B=2', '--', 'app'],
    ])
    expect(buildWords(db?.target ?? {}, undefined)).toEqual([
      ...['--output=type=local,dest=out', '--pull', '--file=db.Dockerfile', '--', '.'],
    ])
    expect(buildWords({ context: 'sub', dockerfile: 'D' }, undefined)).toContain('--file=sub/D')
    expect(buildWords({ args: { A: null } }, '/tmp/D')).toEqual([
      '--build-arg=A',
      '--file=/tmp/D',
      '--',
      '.',
    ])
    expect(() => buildWords({ contexts: { base: 'target:other' } }, undefined)).toThrow(
      'another target',
    )
  })
})
