import { expect, test } from 'bun:test'
import { parse } from '#dockerfile'
import { linux, opOf, plan, usual } from '../testing/plan.ts'
import { createBuildArgs } from '../variables/scope.ts'
import { TextBudget } from '../variables/text-budget.ts'
import { GlobalScope } from './globals.ts'

function scopeOf(text: string, args: Record<string, string> = {}) {
  const dockerfile = parse(text)
  const scope = new GlobalScope(dockerfile, {
    source: { text, name: 'Dockerfile' },
    buildArgs: createBuildArgs(args),
    platforms: { target: { os: 'linux', architecture: 'arm64' }, build: linux },
    targetStage: 'app',
    budget: new TextBudget(),
  })
  const [stage] = dockerfile.stages
  if (stage === undefined) throw new Error('the file has no stage')
  return { scope, stage }
}

test('GlobalScope expands defaults with earlier arguments, and build arguments replace them', () => {
  const text = 'ARG V=1\nARG TAG=v$V-$TARGETARCH\nARG NONE\nFROM base:$TAG'
  const { scope, stage } = scopeOf(text)
  expect(scope.baseName(stage)).toBe('base:v1-arm64')
  expect(scope.values.has('NONE')).toBe(false)
  const given = scopeOf(text, { V: '2', NONE: 'x', unknown: 'y' })
  expect(given.scope.baseName(given.stage)).toBe('base:v2-arm64')
  expect(given.scope.values.get('NONE')).toBe('x')
  expect(given.scope.values.has('unknown')).toBe(false)
})

test('GlobalScope reads the platform of FROM', () => {
  const platformOf = (text: string): unknown => {
    const { scope, stage } = scopeOf(text)
    return scope.platformOf(stage)
  }
  expect(platformOf('FROM a')).toEqual({ os: 'linux', architecture: 'arm64' })
  expect(platformOf('FROM --platform=$BUILDPLATFORM a')).toEqual(linux)
  expect(() => platformOf('ARG P=a/b/c/d/e\nFROM --platform=$P a')).toThrow(
    '"a/b/c/d/e" is not a platform',
  )
})

test('GlobalScope refuses an empty name of a base', () => {
  const { scope, stage } = scopeOf('FROM $NONE')
  expect(() => scope.baseName(stage)).toThrow('the base image $NONE is empty')
})

test('planBuild() gives RUN no argument that chooses what is scanned', async () => {
  const text = 'FROM a\nARG BUILDKIT_SBOM_SCAN_STAGE=true\nARG OTHER=1\nRUN x\n'
  expect(opOf(await plan(text), 'run').env).toEqual([usual, 'OTHER=1'])
})
