import { expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { scanFiles } from './scan.ts'
import { memoryFiles } from './testing/memory-files.ts'

async function urlsOf(files: Parameters<typeof memoryFiles>[0]): Promise<readonly string[]> {
  return (await scanFiles(memoryFiles(files))).packages.map(({ url }) => url)
}

const debian = 'ID=debian\nVERSION_ID="12"\n'
const status = [
  'Package: bash',
  'Status: install ok installed',
  'Maintainer: Matthias Klose <doko@debian.org>',
  'Architecture: amd64',
  'Version: 5.2.15-2+b7',
  'Source: bash (5.2.15-2)',
  'Description: the shell',
  ' Version: 9 is a line of the description',
  '',
  'Package: gone',
  'Status: deinstall ok config-files',
  'Version: 1',
  '',
  'Package: libc6',
  'Status: install ok installed',
  'Architecture: amd64',
  'Version: 2.36-9',
  'Source: glibc',
  '',
].join('\n')

test('scanFiles() finds the installed packages of dpkg, of the distribution', async () => {
  expect(await urlsOf({ 'var/lib/dpkg/status': status, 'etc/os-release': debian })).toEqual([
    'pkg:deb/debian/bash@5.2.15-2%2Bb7?arch=amd64&distro=debian-12',
    'pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12&upstream=glibc',
  ])
})

test('scanFiles() finds packages of images without a package manager', async () => {
  const files = {
    'usr/lib/os-release': debian,
    'var/lib/dpkg/status.d/base': 'Package: base-files\nVersion: 12.4\nArchitecture: amd64\n',
    'var/lib/dpkg/status.d/base.md5sums': 'Package: no\nVersion: 1\n',
  }
  expect(await urlsOf(files)).toEqual([
    'pkg:deb/debian/base-files@12.4?arch=amd64&distro=debian-12',
  ])
})

test('scanFiles() finds packages of apk', async () => {
  const installed =
    'C:Q1x=\nP:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\no:musl\n\nP:libcrypto3\nV:3.3.1-r0\nA:x86_64\nL:Apache-2.0\no:openssl\nF:lib\n'
  const files = {
    'lib/apk/db/installed': installed,
    'etc/os-release': 'ID=alpine\nVERSION_ID=3.20.1',
  }
  expect(await urlsOf(files)).toEqual([
    'pkg:apk/alpine/libcrypto3@3.3.1-r0?arch=x86_64&distro=alpine-3.20.1&upstream=openssl',
    'pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.1',
  ])
})

test('scanFiles() finds packages of npm and pip wherever they are', async () => {
  const json = (name: string, version: string): string => JSON.stringify({ name, version })
  const files = {
    'app/package.json': json('app', '1.0.0'),
    'app/node_modules/left-pad/package.json': json('left-pad', '1.3.0'),
    'app/node_modules/left-pad/lib/package.json': json('inner', '1.0.0'),
    'app/node_modules/@babel/core/package.json': json('@babel/core', '7.1.0'),
    'app/node_modules/.package-lock.json': '{}',
    'usr/lib/node_modules/npm/node_modules/left-pad/package.json': json('left-pad', '1.3.0'),
    'usr/lib/python3/dist-packages/PyYAML-6.0.dist-info/METADATA':
      'Metadata-Version: 2.1\nName: PyYAML\nVersion: 6.0\nLicense: MIT\n\nName: not this\n',
    'usr/lib/python3/dist-packages/zope.x-1.egg-info': 'Name: zope.interface\nVersion: 5.5\n',
  }
  const { packages } = await scanFiles(memoryFiles(files))
  expect(packages.map(({ url, places }) => [url, places.length])).toEqual([
    ['pkg:npm/%40babel/core@7.1.0', 1],
    ['pkg:npm/left-pad@1.3.0', 2],
    ['pkg:pypi/pyyaml@6.0', 1],
    ['pkg:pypi/zope-interface@5.5', 1],
  ])
})

test('scanFiles() gives the same result for files in another order', async () => {
  const files = {
    'var/lib/dpkg/status': status,
    'a/node_modules/x/package.json': '{"name":"x","version":"1"}',
    'b/node_modules/x/package.json': '{"name":"x","version":"1"}',
    'etc/os-release': debian,
  }
  const reversed = Object.fromEntries(Object.entries(files).reverse())
  expect(await scanFiles(memoryFiles(files))).toEqual(await scanFiles(memoryFiles(reversed)))
})

test.each([
  ['a/node_modules/x/package.json', '{"name":', 'it is not JSON'],
  ['usr/lib/sysimage/rpm/rpmdb.sqlite', 'no database', 'it is no database of SQLite'],
  ['usr/lib/sysimage/rpm/Packages.db', 'no database', 'it is no database of rpm'],
  ['etc/os-release', 'x'.repeat(65_537), 'it is larger than 65536 bytes'],
  [
    'a/node_modules/x/package.json',
    JSON.stringify({ name: 'x'.repeat(1025), version: '1' }),
    'a name in it has more than 1024 characters',
  ],
])('scanFiles() skips %s with damage', async (path, content, reason) => {
  const files = { [path]: content, 'b/node_modules/y/package.json': '{"name":"y","version":"2"}' }
  const { packages, skipped } = await scanFiles(memoryFiles(files))
  expect(skipped).toEqual([{ path, reason }])
  expect(packages.map(({ url }) => url)).toEqual(['pkg:npm/y@2'])
})

test('scanFiles() ignores names that are no texts', async () => {
  const files = {
    'node_modules/a/package.json': '{"name":{"x":1},"version":"2"}',
    'node_modules/b/package.json': '[]',
    'node_modules/c/package.json': '{"name":"c","version":["1"]}',
    'etc/os-release': 'ID=../../etc\n',
  }
  expect(await scanFiles(memoryFiles(files))).toMatchObject({ packages: [], skipped: [] })
})

test('scanFiles() keeps the beginning of a license that is too long', async () => {
  const license = `MIT ${'and more '.repeat(1000)}`
  const files = {
    'node_modules/a/package.json': JSON.stringify({ name: 'a', version: '1', license }),
  }
  const { packages } = await scanFiles(memoryFiles(files))
  expect(packages[0]?.license).toBe(`${license.slice(0, 500)}…`)
})

const ownStatus = '/var/lib/dpkg/status'
const hasDpkg = existsSync(ownStatus) && existsSync('/usr/bin/dpkg-query')
if (!hasDpkg) console.info('skipped: packages of this machine: it has no dpkg')

test.skipIf(!hasDpkg)('scanFiles() finds the packages that dpkg-query lists', async () => {
  const members = ['db:Status-Status', 'Package', 'Version', 'Architecture']
  const format = members.map((name) => `$\{${name}}`).join(' ')
  const listed = execFileSync('dpkg-query', ['-W', `-f=${format}\n`], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.startsWith('installed '))
    .map((line) => line.slice('installed '.length))
  const { packages } = await scanFiles(
    memoryFiles({ 'var/lib/dpkg/status': readFileSync(ownStatus) }),
  )
  const found = packages.map(({ name, version, qualifiers }) =>
    [name, version, qualifiers?.['arch']].join(' '),
  )
  expect(found.toSorted()).toEqual(listed.toSorted())
})
