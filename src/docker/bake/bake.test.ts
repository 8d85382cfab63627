import { describe, expect, test } from 'bun:test'
import { readComposeFile } from './bake-compose.ts'
import { evaluateBodies } from './bake-evaluate.ts'
import { type BakeFile, mergeFiles } from './bake-file.ts'
import { linksOf, planBake } from './bake-plan.ts'
import { buildWords } from './bake-words.ts'
import { replaceInCompose } from './compose-variables.ts'
import { parseHcl } from './hcl/parse-body.ts'

const read = (text: string, env: Readonly<Record<string, string>> = {}): BakeFile =>
  evaluateBodies([parseHcl(text, 'f.hcl')], { env, fixed: {} })

const file = read(`
group "default" { targets = ["web", "all"] }
group "all" { targets = ["db"] }
target "base" {
  args = { A = "1", B = "1" }
  platforms = ["linux/amd64"]
}
target "web" {
  inherits = ["base"]
  args = { B = "2" }
  tags = ["web:1", "web:2"]
  context = "app"
}
target "db" {
  dockerfile = "db.Dockerfile"
  output = [{ type = "local", dest = "out" }]
  pull = true
}
`)
const plan = (names: readonly string[] = [], changes: readonly string[] = [], of = file) =>
  planBake(of, { names, changes, env: { GIVEN: 'g' } }).targets

describe('bake files', () => {
  test('planBake() finds targets through groups, with what they inherit', () => {
    expect(plan()).toEqual([
      {
        name: 'web',
        isLinked: false,
        target: {
          args: { A: '1', B: '2' },
          platforms: ['linux/amd64'],
          tags: ['web:1', 'web:2'],
          context: 'app',
          dockerfile: 'Dockerfile',
        },
      },
      {
        name: 'db',
        isLinked: false,
        target: {
          dockerfile: 'db.Dockerfile',
          output: [{ type: 'local', dest: 'out' }],
          pull: true,
          context: '.',
        },
      },
    ])
    expect(plan(['db', 'all', 'db']).map(({ name }) => name)).toEqual(['db'])
    expect(() => plan(['nosuch'])).toThrow('Cannot bake nosuch: there is no such target or group')
  })

  test('planBake() refuses groups and targets that contain themselves', () => {
    const looped = read(`
      group "a" { targets = ["b"] }
      group "b" { targets = ["a"] }
      target "x" { inherits = ["x"] }
      target "y" { contexts = { z = "target:z" } }
      target "z" { contexts = { y = "target:y" } }
    `)
    expect(() => plan(['a'], [], looped)).toThrow('it has itself')
    expect(() => plan(['x'], [], looped)).toThrow('inherits from itself')
    expect(() => plan(['y'], [], looped)).toThrow('it is a context of itself')
  })

  test('planBake() visits a group and a target once, however many others name it', () => {
    const lines = Array.from({ length: 40 }, (_, level) => {
      const both = (prefix: string) => `["${prefix}a${level + 1}", "${prefix}b${level + 1}"]`
      return ['a', 'b'].map(
        (letter) => `
          group "group-${letter}${level}" { targets = ${both('group-')} }
          target "${letter}${level}" { inherits = ${both('')} }`,
      )
    })
    const doubled = read(`
      ${lines.flat().join('')}
      group "group-a40" { targets = ["a0"] }
      group "group-b40" { targets = ["a0", "b40"] }
      target "a40" { tags = ["last"] }
      target "b40" {}
    `)
    const targets = plan(['group-a0'], [], doubled)
    expect(targets.map(({ name, target }) => [name, target['tags']])).toEqual([
      ['a0', ['last']],
      ['b40', undefined],
    ])
  })

  test('planBake() puts targets that others use before those', () => {
    const linked = read(`
      target "top" { contexts = { m = "target:mid", i = "docker-image://x" } }
      target "mid" { contexts = { b = "target:low" } }
      target "low" {}
    `)
    const targets = plan(['top', 'low'], [], linked)
    expect(targets.map(({ name, isLinked }) => [name, isLinked])).toEqual([
      ['low', false],
      ['mid', true],
      ['top', false],
    ])
    expect(linksOf(targets[2]?.target ?? {})).toEqual(['mid'])
    const layouts = new Map([['mid', '/layouts/mid']])
    expect(buildWords(targets[2]?.target ?? {}, { layouts })).toContain(
      '--build-context=m=oci-layout:///layouts/mid',
    )
  })

  test('planBake() applies --set to the targets of a pattern', () => {
    const changes = ['*.args.B=3', 'web.tags=x', 'web.tags=y', 'd*.pull=false', '*.platform=p']
    const [web, db] = plan([], [...changes, 'web.args.GIVEN', 'web.args.ABSENT'])
    expect(web?.target).toMatchObject({
      args: { A: '1', B: '3', GIVEN: 'g' },
      tags: ['x', 'y'],
      platforms: ['p'],
    })
    expect(Object.keys(web?.target['args'] ?? {})).not.toContain('ABSENT')
    expect(db?.target).toMatchObject({ args: { B: '3' }, pull: false })
    for (const change of ['web', 'web.nosuch=1', 'web.args=1', 'web.tags.x=1', 'web.inherits=a']) {
      expect(() => plan([], [change])).toThrow(`Cannot use --set ${change}`)
    }
    expect(() => plan([], ['no*.tags=x'])).toThrow('no target has the name no*')
    expect(() => plan([], ['web.pull=perhaps'])).toThrow('Cannot set pull to perhaps')
  })

  test('a mistake is refused with its line', () => {
    const errors: readonly (readonly [string, string])[] = [
      ['target "a" { nosuch = 1 }', 'a target has no nosuch'],
      ['target "a" { tags = "x" }', 'expected a list, not string'],
      ['target "a" { args = { x = {} } }', 'expected a string, not object'],
      ['target "a" { pull = "perhaps" }', 'expected true or false, not "perhaps"'],
      ['target "a b" {}', 'the name "a b" has other characters'],
      ['target "a" { matrix = { x = ["1", "2"] } }', 'two targets of a matrix have the same name'],
      ['target "a" { args = { x = NONE } }', 'there is no variable NONE'],
      ['target "a" { args = { x = none() } }', 'there is no function none'],
      ['target "a" { tags = target.a.tags }', 'target.a.tags in line 1 needs itself'],
      ['target "a" { tags = target.b.tags }', 'there is no target b'],
      ['variable "A" { default = B }\nvariable "B" { default = A }', 'A needs itself'],
      ['group "g" { matrix = {} }', 'a group has no matrix'],
      ['target "a" {', 'a block has no }'],
      ['target "a" { x = "b }', 'a string has no end'],
      ['x = <<A\ny', 'the text has no end'],
    ]
    for (const [text, message] of errors) expect(() => read(text)).toThrow(message)
    const deep = `x = ${'['.repeat(5000)}`
    expect(() => read(deep)).toThrow('nested deeper than 200 levels')
    const matrix = `target "a" {
      name = "x"
      matrix = { a = range(1000), b = range(1000) }
    }`
    expect(() => read(matrix)).toThrow('a matrix has more than 10000 targets')
  })

  test('mergeFiles() joins maps, and replaces other values', () => {
    const more = read('target "base" {\n  args = { B = "9", A = null }\n  platforms = ["x"]\n}')
    expect(mergeFiles(file, more).targets['base']).toEqual({
      args: { A: '1', B: '9' },
      platforms: ['x'],
    })
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
    expect(compose.groups).toEqual({ default: { targets: ['web_front', 'worker'] } })
    expect(compose.targets['web_front']).toEqual({
      context: './web',
      'dockerfile-inline': 'FROM scratch',
      args: { A: '1', B: null },
      tags: ['web:1'],
      secret: [{ id: 'key', src: 'key.txt' }],
      ulimits: ['nofile=1:2'],
      'extra-hosts': { a: '1.2.3.4' },
      platforms: ['linux/arm64'],
    })
    const extended = { services: { a: { build: '.', extends: { service: 'b' } } } }
    expect(() => readComposeFile(extended, 'f', {})).toThrow('the service a has extends')
    const wrong = { services: { a: { build: { tags: 5 } } } }
    expect(() => readComposeFile(wrong, 'f', {})).toThrow('Cannot bake from f: tags of a: ')
  })

  test('buildWords() writes a target as a command line of build', () => {
    const [web, db] = plan()
    expect(buildWords(web?.target ?? {})).toEqual([
      ...['--tag=web:1', '--tag=web:2', '--platform=linux/amd64'],
      ...['--build-arg=A=1', '--build-arg=B=2', '--file=app/Dockerfile', '--', 'app'],
    ])
    expect(buildWords(db?.target ?? {})).toEqual([
      ...['--output=type=local,dest=out', '--pull', '--file=db.Dockerfile', '--', '.'],
    ])
    expect(buildWords({ context: 'sub', dockerfile: 'D' })).toContain('--file=sub/D')
    expect(buildWords({ args: { A: null } }, { inline: '/tmp/D' })).toEqual([
      '--build-arg=A',
      '--file=/tmp/D',
      '--',
      '.',
    ])
    expect(buildWords({ contexts: { a: 'cwd://x' }, ssh: [{ id: 'k', paths: 'a,b' }] })).toEqual([
      ...['--ssh=k=a,b', '--build-context=a=x', '--', '.'],
    ])
  })
})
