import { describe, expect, test } from 'bun:test'
import { parse } from '#dockerfile'
import { findStage, selectTarget } from './stages.ts'

const text = 'FROM a AS one\nFROM b AS two\nFROM c AS one\nFROM e'
const source = { text, name: 'Dockerfile' }
const dockerfile = parse(text)

describe('findStage()', () => {
  const find = (name: string, before: number): number | undefined =>
    findStage(dockerfile, name, before, source)?.index

  test('findStage() finds the last earlier stage of a name, in any case', () => {
    expect([find('one', 1), find('ONE', 2), find('one', 3), find('two', 3)]).toEqual([0, 0, 2, 1])
  })

  test('findStage() finds a stage by its index', () => {
    expect([find('0', 1), find('2', 3)]).toEqual([0, 2])
  })

  test('findStage() returns undefined for the name of an image', () => {
    expect(find('busybox', 3)).toBeUndefined()
  })

  test('findStage() refuses the stage itself, later stages and absent indexes', () => {
    expect(() => find('two', 1)).toThrow('stage two comes later in the file, or is this stage')
    expect(() => find('one', 0)).toThrow('stage one comes later')
    for (const index of ['3', '9']) {
      expect(() => find(index, 3)).toThrow(`stage index ${index} is not that of an earlier stage`)
    }
  })
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
