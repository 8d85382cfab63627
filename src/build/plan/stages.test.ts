import { describe, expect, test } from 'bun:test'
import { parse, type Stage } from '#dockerfile'
import { findBaseStage, findSourceStage, selectTarget } from './stages.ts'

const text = 'FROM a AS one\nFROM b AS two\nFROM c AS one\nFROM e'
const source = { text, name: 'Dockerfile' }
const dockerfile = parse(text)

const [one, two, again, last] = dockerfile.stages as [Stage, Stage, Stage, Stage]

test('findBaseStage() finds the last earlier stage of a name, in any case, or its index', () => {
  const find = (name: string, stage: Stage): number | undefined =>
    findBaseStage(dockerfile, name, stage, source)?.index
  expect([find('one', two), find('ONE', again), find('one', last)]).toEqual([0, 0, 2])
  expect([find('two', last), find('0', two), find('2', last)]).toEqual([1, 0, 2])
  expect([find('busybox', last), find('two', two), find('one', one)]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  for (const index of ['3', '9']) {
    expect(() => find(index, last)).toThrow(`stage index ${index} is not that of an earlier stage`)
  }
})

test('findSourceStage() finds the last stage of a name, also a later one, or its index', () => {
  const find = (name: string, stage: Stage): number | undefined =>
    findSourceStage(dockerfile, name, stage, source)?.index
  expect([find('one', two), find('ONE', again), find('one', one), find('two', one)]).toEqual([
    2, 0, 2, 1,
  ])
  expect([find('two', two), find('3', one), find('busybox', one)]).toEqual([1, 3, undefined])
  expect(() => find('4', one)).toThrow('stage index 4 is not that of a stage')
})

describe('selectTarget()', () => {
  const select = (target?: string): number => selectTarget(dockerfile, target, source).index

  test('selectTarget() selects the last stage, or a stage by name or index', () => {
    expect([select(), select(''), select('Two'), select('one'), select('0')]).toEqual([
      3, 3, 1, 2, 0,
    ])
  })

  test('selectTarget() suggests a name or lists the names', () => {
    const remedyOf = (target: string): unknown => {
      try {
        return select(target)
      } catch (error) {
        return (error as { remedy?: string }).remedy
      }
    }
    expect(remedyOf('tow')).toBe('did you mean two')
    expect(remedyOf('release')).toBe('it has one, two, one')
    expect(remedyOf('4')).toBe('it has one, two, one')
  })

  test('selectTarget() refuses a file without stages', () => {
    expect(() => selectTarget(parse('ARG a'), undefined, source)).toThrow('it has no FROM')
  })
})
