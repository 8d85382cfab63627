import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { writeContext } from './busybox.ts'
import { missing, type Outcome, openStrake, type Strake } from './strake.ts'

const reason = missing()
if (reason) console.info(`skipped: bake: ${reason}`)

describe.skipIf(reason !== undefined)('buildx bake', () => {
  let strake: Strake
  let cwd: string

  beforeAll(async () => {
    strake = await openStrake()
    const Dockerfile = 'FROM scratch\nARG V=0\nLABEL v=$V\nCOPY file /\n'
    cwd = await writeContext(join(strake.directory, 'project'), {
      Dockerfile,
      file: 'x',
      'sub/Other': Dockerfile,
      'sub/file': 'y',
      'docker-bake.json': JSON.stringify({
        variable: { TAG: { default: 'one' } },
        group: { default: { targets: ['a', 'b'] } },
        target: {
          a: { tags: [`a:\${TAG}`], args: { V: '1' } },
          b: { inherits: ['a'], context: 'sub', dockerfile: 'Other', tags: [`b:\${TAG}`] },
        },
      }),
      'sub/compose.yaml':
        'services: {web: {image: "c:1", build: {context: sub, dockerfile: Other, args: {V: "9"}}}, db: {image: db}}\n',
      'linked.hcl': [
        'variable "TAG" { default = "none" }',
        'target "base" { args = { V = "5" } }',
        'target "again" {',
        `  tags = ["again:\${lower("ONE")}", "again:\${TAG}"]`,
        '  contexts = { base = "target:base" }',
        '  dockerfile-inline = <<-EOT',
        '    FROM base',
        '    LABEL w=1',
        '  EOT',
        '}',
        'group "default" { targets = ["again"] }',
        'group "both" { targets = ["base", "again"] }',
      ].join('\n'),
    })
  })
  afterAll(async () => strake?.[Symbol.asyncDispose]())

  const bake = (...args: readonly string[]): Promise<Outcome> =>
    strake.with({ cwd, env: { TAG: 'two' } }, 'buildx', 'bake', ...args)
  const label = (image: string): Promise<string> =>
    strake.ok('inspect', '-f', '{{.Config.Labels.v}}', image)

  test('builds every target of a group, with variables and --set', async () => {
    const outcome = await bake('--set', 'b.args.V=7', '--metadata-file', 'meta.json')
    expect(outcome).toMatchObject({ exitCode: 0 })
    expect([await label('a:two'), await label('b:two')]).toEqual(['1', '7'])
    const metadata = await Bun.file(join(cwd, 'meta.json')).json()
    expect(Object.keys(metadata)).toEqual(['a', 'b'])
  })

  test('builds the services of a Compose file', async () => {
    expect((await bake('-f', 'sub/compose.yaml')).exitCode).toBe(0)
    expect(await label('c:1')).toBe('9')
  })

  test('builds a target of a file in HCL from another target', async () => {
    expect(await bake('-f', 'linked.hcl')).toMatchObject({ exitCode: 0 })
    expect(await label('again:one')).toBe('5')
    expect(await label('again:two')).toBe('5')
    // The target that is only used has no name, and a chosen one is in the store.
    const outcome = await bake('-f', 'linked.hcl', '--set', 'base.tags=base:1', 'both')
    expect(outcome).toMatchObject({ exitCode: 0 })
    expect(await label('base:1')).toBe('5')
  })

  test('prints targets, and refuses unknown ones and mistakes', async () => {
    expect(JSON.parse((await bake('--print', 'a')).stdout)).toEqual({
      group: { default: { targets: ['a'] } },
      target: { a: { context: '.', dockerfile: 'Dockerfile', tags: ['a:two'], args: { V: '1' } } },
    })
    expect((await bake('nosuch')).stderr).toContain('there is no such target or group')
    await Bun.write(join(cwd, 'bad.hcl'), 'target "a" {\n  tags = [upper(\n}\n')
    expect((await bake('-f', 'bad.hcl')).stderr).toContain('Cannot bake from bad.hcl: line 3: ')
  })
})
