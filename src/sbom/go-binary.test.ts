import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { scanFiles } from './scan.ts'
import { memoryFiles } from './testing/memory-files.ts'

const marks = Buffer.alloc(16, 0xf9)

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest >>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest])
    bytes.push((rest & 0x7f) | 0x80)
  }
}

/** A file with the sections of a program that Go made. */
function program(modules: string, version = 'go1.22.1'): Buffer {
  const texts = [Buffer.from(version), Buffer.concat([marks, Buffer.from(modules), marks])]
  const head = Buffer.alloc(32)
  head.write('\xff Go buildinf:', 0, 'latin1')
  head[14] = 8
  head[15] = 2
  const info = Buffer.concat([head, ...texts.flatMap((text) => [varint(text.length), text])])
  const names = Buffer.from('\0.shstrtab\0.go.buildinfo\0')
  const sections = Buffer.alloc(3 * 64)
  const place = (index: number, name: number, offset: number, size: number): void => {
    sections.writeUInt32LE(name, index * 64)
    sections.writeBigUInt64LE(BigInt(offset), index * 64 + 24)
    sections.writeBigUInt64LE(BigInt(size), index * 64 + 32)
  }
  const start = 100_000
  place(1, 1, start, names.length)
  place(2, 11, start + names.length, info.length)
  const elf = Buffer.alloc(start)
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(elf)
  elf.writeBigUInt64LE(BigInt(start + names.length + info.length), 40)
  elf.writeUInt16LE(64, 58)
  elf.writeUInt16LE(3, 60)
  elf.writeUInt16LE(1, 62)
  return Buffer.concat([elf, names, info, sections])
}

const modules = [
  'path\texample.com/app/cmd',
  'mod\texample.com/app\t(devel)\t',
  'dep\tgithub.com/a/b\tv1.2.3\th1:x=',
  'dep\tgithub.com/old/c\tv1.0.0',
  '=>\tgithub.com/new/c\tv1.1.0\th1:y=',
  'dep\tgithub.com/local/d\tv0.1.0',
  '=>\t./vendored\t\t',
  'build\t-compiler=gc',
].join('\n')

test('scanFiles() finds the modules of a Go program', async () => {
  const { packages } = await scanFiles(memoryFiles({ 'usr/bin/app': program(modules) }))
  expect(packages.map(({ url }) => url)).toEqual([
    'pkg:golang/example.com/app@%28devel%29',
    'pkg:golang/github.com/a/b@v1.2.3',
    'pkg:golang/github.com/local/d@v0.1.0',
    'pkg:golang/github.com/new/c@v1.1.0',
    'pkg:golang/stdlib@1.22.1',
  ])
})

test('scanFiles() ignores programs that Go did not make', async () => {
  const own = readFileSync('/proc/self/exe').subarray(0, 4 * 2 ** 20)
  expect(await scanFiles(memoryFiles({ program: own }))).toMatchObject({
    packages: [],
    skipped: [],
  })
})

test('scanFiles() reads a Go program with any damaged byte without an error', async () => {
  const whole = program(modules)
  for (const at of [...Array(64).keys(), ...Array.from(Array(800).keys(), (n) => 100_000 + n)]) {
    const damaged = Buffer.from(whole)
    damaged[at] = (damaged[at] ?? 0) ^ 0xff
    expect((await scanFiles(memoryFiles({ damaged }))).skipped).toEqual([])
  }
})
