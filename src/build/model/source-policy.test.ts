import { describe, expect, test } from 'bun:test'
import { applyPolicy, parseSourcePolicy } from './source-policy.ts'

const alpine = 'docker-image://docker.io/library/alpine:latest'

describe('applyPolicy()', () => {
  const apply = (rules: readonly object[], identifier: string, attributes = {}) =>
    applyPolicy(parseSourcePolicy(JSON.stringify({ rules })), { identifier, attributes })
  const rule = (action: string, identifier: string, more: object = {}) => ({
    action,
    selector: { identifier, ...more },
  })

  test('applyPolicy() without a policy changes nothing', () => {
    const source = { identifier: alpine, attributes: {} }
    expect(applyPolicy(undefined, source)).toBe(source)
  })

  test('applyPolicy() denies by the last rule that matches', () => {
    const deny = rule('DENY', 'docker-image://*')
    const allow = rule('ALLOW', 'docker-image://docker.io/library/*')
    expect(apply([deny, allow], alpine).identifier).toBe(alpine)
    expect(() => apply([allow, deny], alpine)).toThrow(
      `Cannot use ${alpine}: the source policy denies it`,
    )
    expect(() => apply([deny, allow], 'docker-image://ghcr.io/x:1')).toThrow('denies it')
  })

  test('applyPolicy() matches exactly, by wildcards and by regular expressions', () => {
    expect(() => apply([rule('DENY', alpine, { matchType: 'EXACT' })], alpine)).toThrow()
    expect(() => apply([rule('DENY', alpine, { matchType: 'EXACT' })], `${alpine}x`)).not.toThrow()
    expect(() => apply([rule('DENY', 'docker.image://*')], alpine)).not.toThrow()
    expect(() => apply([rule('DENY', 'alp.ne', { matchType: 'REGEX' })], alpine)).toThrow()
  })

  test('applyPolicy() converts with the parts of the pattern, and tests the result again', () => {
    const convert = (from: string, identifier: string, matchType = 'WILDCARD') => ({
      action: 'CONVERT',
      selector: { identifier: from, matchType },
      updates: { identifier },
    })
    const second = '$' + '{2}'
    const mirror = convert('docker-image://docker.io/*:*', `docker-image://mirror/$1:${second}`)
    expect(apply([mirror], alpine).identifier).toBe('docker-image://mirror/library/alpine:latest')
    const deny = rule('DENY', 'docker-image://mirror/*')
    expect(() => apply([mirror, deny], alpine)).toThrow('denies it')
    const exact = convert(alpine, 'docker-image://$1', 'EXACT')
    expect(apply([exact], alpine).identifier).toBe('docker-image://$1')
    const loop = [convert('a', 'b'), convert('b', 'a')]
    expect(() => apply(loop, 'a')).toThrow('more than 20 times')
  })

  test('applyPolicy() adds attributes, and compares them', () => {
    const pin = {
      action: 'CONVERT',
      selector: { identifier: 'https://h/*' },
      updates: { attrs: { 'http.checksum': 'sha256:1' } },
    }
    expect(apply([pin], 'https://h/x').attributes).toEqual({ 'http.checksum': 'sha256:1' })
    const constraints = [{ key: 'http.checksum', value: 'sha256:1', condition: 'NOTEQUAL' }]
    const deny = rule('DENY', 'https://*', { constraints })
    expect(() => apply([deny], 'https://h/x')).toThrow()
    expect(() => apply([pin, deny], 'https://h/x')).not.toThrow()
  })
})

test.each([
  ['x', 'it is not JSON'],
  ['[]', 'it is no object'],
  ['{}', 'it has no list of rules'],
  ['{"version":2,"rules":[]}', 'its version is not 1'],
  ['{"rules":[{}]}', 'the selector of rule 0 is no object'],
  ['{"rules":[{"selector":{}}]}', 'rule 0 lacks a text'],
  ['{"rules":[{"action":"DROP","selector":{"identifier":"x"}}]}', '"DROP" instead of ALLOW'],
  ['{"rules":[{"action":"CONVERT","selector":{"identifier":"x"}}]}', 'rule 0 has no updates'],
  ['{"rules":[{"selector":{"identifier":"(","matchType":"REGEX"}}]}', 'invalid regular expression'],
  ['{"rules":[{"selector":{"identifier":"a**"}}]}', 'rule 0 has **'],
])('parseSourcePolicy() refuses %s', (text, reason) => {
  expect(() => parseSourcePolicy(text)).toThrow(`Cannot read the source policy: `)
  expect(() => parseSourcePolicy(text)).toThrow(reason)
})
