import { expect, test } from 'bun:test'
import { missingFixes } from './runtime-fixes.ts'

const [overwrite, links, inherited, paths, leak, empty, masks] = [
  'CVE-2019-5736',
  'CVE-2021-30465 (mounts through links)',
  'CVE-2022-29162 (inheritable capabilities)',
  'CVE-2023-27561 and -28642 (masked paths)',
  'CVE-2024-21626 (leaked descriptors)',
  'CVE-2024-45310 (empty files on the host)',
  'CVE-2025-31133, -52565 and -52881 (masked paths and console)',
]

test('missingFixes() names the fixes that an old runc lacks', () => {
  expect(missingFixes('runc', '1.1.5+ds1')).toEqual([leak, empty, masks])
  expect(missingFixes('runc', '1.1.11')).toEqual([leak, empty, masks])
  expect(missingFixes('runc', '1.1.12')).toEqual([empty, masks])
  expect(missingFixes('runc', '1.1.15')).toEqual([masks])
})

test('missingFixes() compares with the fixed version of the same release line', () => {
  expect(missingFixes('runc', '1.2.7')).toEqual([masks])
  expect(missingFixes('runc', '1.2.8')).toEqual([])
  expect(missingFixes('runc', '1.3.2')).toEqual([masks])
  expect(missingFixes('runc', '1.3.3')).toEqual([])
  expect(missingFixes('runc', '1.5.0')).toEqual([])
})

test('missingFixes() sorts a candidate before its release', () => {
  for (const version of ['1.4.0-rc.1', '1.4.0-rc1', '1.4.0~rc2+ds1', 'v1.4.0-rc.2', '1.2.8-rc.1']) {
    expect([version, missingFixes('runc', version)]).toEqual([version, [masks]])
  }
  for (const version of [
    '1.4.0',
    '1.4.0-rc.3',
    '1.4.0+ds1-1',
    '1.4.1-rc.1',
    '1.5.0-rc.1',
    '1.3.10',
  ]) {
    expect([version, missingFixes('runc', version)]).toEqual([version, []])
  }
  expect(missingFixes('runc', '1.0.0-rc93')).toEqual([links, inherited, paths, leak, empty, masks])
  expect(missingFixes('runc', '1.0.0-rc6')).toEqual([
    overwrite,
    links,
    inherited,
    paths,
    leak,
    empty,
    masks,
  ])
})

test('missingFixes() names all fixes for a release line older than every fixed one', () => {
  expect(missingFixes('runc', '0.1.1')).toEqual([
    overwrite,
    links,
    inherited,
    paths,
    leak,
    empty,
    masks,
  ])
  expect(missingFixes('runc', 'unknown')).toEqual([
    overwrite,
    links,
    inherited,
    paths,
    leak,
    empty,
    masks,
  ])
  const krun = 'CVE-2025-24965 (files of the host, with krun)'
  expect(missingFixes('crun', '0.9')).toHaveLength(3)
  expect(missingFixes('crun', '1.8.1')).toEqual([krun])
  expect(missingFixes('crun', '1.18.2')).toEqual([krun])
  expect(missingFixes('crun', '1.20')).toEqual(['CVE-2026-30892 (crun exec with user 1 is root)'])
  expect(missingFixes('crun', '1.27')).toEqual([])
  expect(missingFixes('youki', '0.5.5')).toEqual(['CVE-2025-62161 and -62596 (masked paths)'])
  expect(missingFixes('other', '1.0')).toEqual([])
})
