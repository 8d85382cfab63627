import { expect, test } from 'bun:test'
import { parse } from '../parse.ts'
import { formatGithub, formatJson, formatText } from './formats.ts'
import { formatSarif } from './sarif.ts'

const text = 'FROM a AS b\nRNU x\nENV TOKEN 1\n'
const reports = [{ name: 'a b/Dockerfile', text, diagnostics: parse(text).diagnostics }]

test('formatText() prints excerpts and a count', () => {
  const shown = formatText(reports)
  expect(shown).toContain('a b/Dockerfile:2\n')
  expect(shown).toContain('   2 | >>> RNU x')
  expect(shown).toContain('WARNING: LegacyKeyValueFormat: ')
  expect(shown).toEndWith('\n1 error and 2 warnings\n')
  expect(formatText([{ name: 'x', text: '', diagnostics: [] }])).toBe('no problems found\n')
})

test('formatJson() gives one object for each diagnostic, with one-based columns', () => {
  expect(JSON.parse(formatJson(reports))[0]).toEqual({
    file: 'a b/Dockerfile',
    line: 2,
    column: 1,
    endLine: 2,
    endColumn: 4,
    severity: 'error',
    rule: 'unknown-instruction',
    message: 'unknown instruction: RNU (did you mean RUN?)',
  })
})

test('formatGithub() escapes what would end a property or a command', () => {
  const diagnostics = [
    {
      severity: 'warning' as const,
      rule: 'StageNameCasing',
      message: 'a%b\nc',
      range: { start: { line: 3, column: 0 }, end: { line: 3, column: 4 } },
    },
  ]
  expect(formatGithub([{ name: 'a:b,c', text: '', diagnostics }])).toBe(
    '::warning file=a%3Ab%2Cc,line=3,col=1,endLine=3,endColumn=5,title=StageNameCasing::a%25b%0Ac\n',
  )
})

test('formatSarif() has the members that the schema requires, with valid references', () => {
  const log = JSON.parse(formatSarif(reports, '1.2.3'))
  expect(log.version).toBe('2.1.0')
  const [run] = log.runs
  expect(run.tool.driver).toMatchObject({ name: 'strake', version: '1.2.3' })
  expect(run.artifacts).toEqual([{ location: { uri: 'a%20b/Dockerfile' } }])
  expect(run.results).toHaveLength(3)
  for (const { ruleId, ruleIndex, level, message, locations } of run.results) {
    expect(run.tool.driver.rules[ruleIndex].id).toBe(ruleId)
    expect(['error', 'warning']).toContain(level)
    expect(message.text).not.toBe('')
    const { artifactLocation, region } = locations[0].physicalLocation
    expect(run.artifacts[artifactLocation.index].location.uri).toBe(artifactLocation.uri)
    expect(region.startLine).toBeGreaterThan(0)
    expect(region.startColumn).toBeGreaterThan(0)
  }
})
