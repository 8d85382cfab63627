import { expect, test } from 'bun:test'
import { parse } from '../parse.ts'

/** `rule line` of every warning. */
function warnings(text: string, check?: string): string[] {
  const { diagnostics } = parse(text, { check })
  return diagnostics.map(({ rule, range }) => `${rule} ${range.start.line}`)
}

const body = 'FROM a\nENV TOKEN=1\n'

test('parse() replaces the check directive by an option', () => {
  expect(warnings(body)).toEqual(['SecretsUsedInArgOrEnv 2'])
  expect(warnings(body, 'skip=all')).toEqual([])
  expect(warnings(`# check=skip=all\n${body}`)).toEqual([])
  expect(warnings(`# check=skip=all\n${body}`, 'skip=Other')).toEqual(['SecretsUsedInArgOrEnv 3'])
  expect(warnings(`# check=nonsense\n${body}`, 'skip=all')).toEqual([])
  expect(warnings(body, 'nonsense')).toEqual(['invalid-check 1', 'SecretsUsedInArgOrEnv 2'])
})

test('parse() applies a comment above the first FROM to its stage, also below a directive', () => {
  const scoped = `# check=skip=SecretsUsedInArgOrEnv\n${body}FROM a\nENV TOKEN=1\n`
  expect(warnings(`# check=error=true\n# words\n${scoped}`)).toEqual(['SecretsUsedInArgOrEnv 7'])
  expect(warnings(`# check=error=true\n\n${scoped}`)).toEqual(['SecretsUsedInArgOrEnv 7'])
  expect(warnings(`\n${scoped}`)).toEqual(['SecretsUsedInArgOrEnv 6'])
})
