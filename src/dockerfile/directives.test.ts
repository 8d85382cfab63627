import { describe, expect, test } from 'bun:test'
import { readDirectives } from './directives.ts'

describe('readDirectives()', () => {
  const rows: readonly (readonly [string, object])[] = [
    ['FROM a', { escape: '\\' }],
    [
      '#escape=`\n#SYNTAX = x:1 \r\n# check = skip=all\n',
      { escape: '`', syntax: 'x:1', check: 'skip=all' },
    ],
    ['\n# escape=`\n', { escape: '\\' }],
    ['# a comment\n# escape=`\n', { escape: '\\' }],
    ['# escape=\n# escape=`\n', { escape: '\\' }],
    ['#!/bin/x\n# syntax=y\n', { escape: '\\', syntax: 'y' }],
    ['// syntax=z\n', { escape: '\\', syntax: 'z' }],
    ['#!/bin/x\n{"syntax": "j"}', { escape: '\\', syntax: 'j' }],
    ['{"syntax": 1}', { escape: '\\' }],
    ['{"syntax": ', { escape: '\\' }],
  ]
  for (const [text, expected] of rows) {
    test(`readDirectives() of ${JSON.stringify(text)}`, () => {
      expect(readDirectives(text).directives).toEqual(expected as never)
    })
  }

  test('readDirectives() reports a repeated directive and a malformed one', () => {
    const rules = (text: string): string[] => readDirectives(text).problems.map(({ rule }) => rule)
    expect(rules('# syntax=a\n# syntax=b\n')).toEqual(['duplicate-directive'])
    expect(rules('# escape=ab\n')).toEqual(['invalid-directive'])
  })
})
