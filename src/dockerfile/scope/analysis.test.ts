import { expect, test } from 'bun:test'
import { parse } from '../parse.ts'
import { randomDockerfile } from '../testing/random-dockerfile.ts'
import { analyze } from './analysis.ts'

test('analyze() reads a text once and finds what parse() finds', () => {
  for (let seed = 1; seed <= 500; seed++) {
    const text = randomDockerfile(seed)
    expect({ seed, file: analyze(text).file }).toEqual({ seed, file: parse(text) })
  }
  const large = `FROM scratch\n#${'x'.repeat(10 * 1024 * 1024)}`
  expect(analyze(large).file).toEqual(parse(large))
})
