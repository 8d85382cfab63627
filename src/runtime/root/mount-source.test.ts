import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { ContainerView } from './container-view.ts'
import type { RootMount } from './mount.ts'
import { openSource } from './mount-source.ts'

let base = ''

beforeEach(() => {
  base = mkdtempSync(`${tmpdir()}/strake-source-`)
  mkdirSync(`${base}/volume/x/deep`, { recursive: true })
  mkdirSync(`${base}/outside/deep`, { recursive: true })
  writeFileSync(`${base}/volume/x/deep/f`, 'inside')
  writeFileSync(`${base}/outside/deep/f`, 'outside')
})

afterEach(() => rmSync(base, { recursive: true, force: true }))

/** Opens a place in the volume; returns its kind and the text of the file there. */
function open(subpath: string): { readonly point: string; readonly text: string } {
  using view = ContainerView.ofDirectory(base)
  const source = `${base}/volume`
  const request: RootMount = {
    type: 'bind',
    source,
    destination: '/m',
    point: 'directory',
    subpath,
  }
  const { mount, cover } = openSource(request, view)
  const fd = cover.type === 'tree' ? cover.fd : -1
  const path = mount.point === 'file' ? `/proc/self/fd/${fd}` : `/proc/self/fd/${fd}/f`
  return { point: mount.point, text: readFileSync(path, 'utf8') }
}

test('openSource() opens a directory or a file in a volume, and no link leads out of it', () => {
  expect(open('x/deep')).toEqual({ point: 'directory', text: 'inside' })
  expect(open('x/deep/f')).toEqual({ point: 'file', text: 'inside' })
  symlinkSync('/x', `${base}/volume/absolute`)
  symlinkSync('../../../../../../x', `${base}/volume/up`)
  symlinkSync(`${base}/outside`, `${base}/volume/out`)
  expect(open('absolute/deep').text).toBe('inside')
  expect(open('up/deep').text).toBe('inside')
  for (const path of ['out', 'out/deep', 'none']) {
    expect(() => open(path)).toThrow(
      `Cannot mount ${path}: it does not exist in the volume or image`,
    )
  }
})

test('openSource() never opens a place outside while another process exchanges directories and links', async () => {
  const program = [process.execPath, `${import.meta.dir}/../testing/swapper.ts`]
  const container = Bun.spawn([...program, `${base}/volume`, `${base}/outside`], {
    stdin: 'pipe',
    stdout: 'pipe',
  })
  const output = container.stdout.values()
  await output.next()
  const seen = new Set<string>()
  for (let round = 0; round < 3000; round++) {
    try {
      seen.add(open('x/deep').text)
    } catch (error) {
      expect(String(error)).toStartWith('StrakeError: Cannot ')
    }
  }
  container.stdin.end()
  const rest = await Array.fromAsync({ [Symbol.asyncIterator]: () => output })
  await container.exited
  expect(Number(Buffer.concat(rest).toString())).toBeGreaterThan(0)
  expect([...seen]).toEqual(['inside'])
}, 60_000)
