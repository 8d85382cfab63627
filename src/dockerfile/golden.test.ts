import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { formatDiagnostics } from './format.ts'
import { parse } from './parse.ts'

/*
 * Every case has a folder. STRAKE_UPDATE_GOLDEN=1 writes the expected files again.
 * Read the difference before you commit it.
 */
const root = fileURLToPath(new URL('./testdata', import.meta.url))
const update = process.env['STRAKE_UPDATE_GOLDEN'] === '1'

function casesIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => existsSync(`${folder}/${name}/Dockerfile`))
}

/** Returns the tree as JSON, with ranges as `line:column-line:column`. */
function print(text: string): string {
  const isRange = (value: unknown): value is Record<'start' | 'end', Record<string, number>> =>
    typeof value === 'object' && value !== null && 'start' in value && 'end' in value
  const shorten = (_key: string, value: unknown): unknown =>
    isRange(value)
      ? `${value.start['line']}:${value.start['column']}-${value.end['line']}:${value.end['column']}`
      : value
  return `${JSON.stringify(parse(text), shorten, 2)}\n`
}

function expectFile(path: string, actual: string): void {
  if (update) {
    writeFileSync(path, actual)
  }
  expect(actual).toBe(readFileSync(path, 'utf8'))
}

describe('parse() of a Dockerfile that can be built', () => {
  for (const name of casesIn(root)) {
    test(`parse() reads testdata/${name}`, () => {
      const text = readFileSync(`${root}/${name}/Dockerfile`, 'utf8')
      expect(parse(text).diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
      expectFile(`${root}/${name}/expected.json`, print(text))
    })
  }
})

describe('parse() of a Dockerfile that cannot be built', () => {
  for (const name of casesIn(`${root}/negative`)) {
    test(`parse() explains testdata/negative/${name}`, () => {
      const text = readFileSync(`${root}/negative/${name}/Dockerfile`, 'utf8')
      const { diagnostics } = parse(text)
      expect(diagnostics.some(({ severity }) => severity === 'error')).toBe(true)
      const printed = formatDiagnostics(text, diagnostics, 'Dockerfile')
      expectFile(`${root}/negative/${name}/expected.txt`, printed)
    })
  }
})
