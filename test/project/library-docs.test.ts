import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const project = resolve(import.meta.dir, '../..')
const page = readFileSync(join(project, 'docs/library.md'), 'utf8')

interface Example {
  readonly code: string
  /** Absent for an example that is compiled only. */
  readonly printed: string | undefined
}

const block = /```ts( compiled)?\n([\s\S]*?)```\n(?:```text\n([\s\S]*?)```\n)?/g
const examples: readonly Example[] = [...page.matchAll(block)].map(
  ([, compiled, code = '', printed = '']) => ({ code, printed: compiled ? undefined : printed }),
)

/** A directory inside the project, so that the import of its name works. */
const programs = join(project, 'dist/library-examples')
let directory = ''

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'strake-library-'))
  mkdirSync(join(directory, 'site'))
  writeFileSync(join(directory, 'site/index.html'), 'hello\n')
  const dockerfile = 'FROM scratch\nCOPY index.html /index.html\nCMD ["index.html"]\n'
  writeFileSync(join(directory, 'site/Dockerfile'), dockerfile)
  rmSync(programs, { recursive: true, force: true })
  mkdirSync(programs, { recursive: true })
  for (const [index, { code }] of examples.entries()) {
    writeFileSync(join(programs, `${index}.ts`), code)
  }
})
afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
  rmSync(programs, { recursive: true, force: true })
})

test('the examples of docs/library.md compile', () => {
  const files = examples.map((_, index) => join(programs, `${index}.ts`))
  const config = join(programs, 'tsconfig.json')
  const types = { typeRoots: [join(project, 'node_modules/@types')], rootDir: project }
  writeFileSync(
    config,
    JSON.stringify({
      extends: `${project}/tsconfig.json`,
      compilerOptions: types,
      include: [],
      files,
    }),
  )
  const { stdout } = Bun.spawnSync([`${project}/node_modules/.bin/tsc`, '-p', config])
  expect(stdout.toString()).toBe('')
}, 60_000)

for (const [index, { code, printed }] of examples.entries()) {
  if (printed === undefined) continue
  const title = /^import .*$/m.exec(code)?.[0] ?? `example ${index}`
  test(`an example of docs/library.md prints its documented output: ${title}`, () => {
    const { stdout, stderr } = Bun.spawnSync([process.execPath, join(programs, `${index}.ts`)], {
      cwd: directory,
      env: { PATH: process.env['PATH'], HOME: directory },
    })
    expect(stderr.toString()).toBe('')
    expect(stdout.toString()).toBe(printed)
  }, 60_000)
}
