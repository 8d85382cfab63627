import { afterEach, beforeEach, expect, test } from 'bun:test'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { lockDirectory } from '#platform'
import { fillVolume } from './fill.ts'

let base = ''

beforeEach(() => {
  base = mkdtempSync(`${tmpdir()}/strake-fill-`)
  mkdirSync(`${base}/image`)
  mkdirSync(`${base}/outside`)
})

afterEach(() => rmSync(base, { recursive: true, force: true }))

function makeVolume(name: string): string {
  const volume = `${base}/${name}`
  mkdirSync(`${volume}/_data`, { recursive: true })
  return volume
}

async function fill(volume: string): Promise<void> {
  const source = openSync(`${base}/image`, 'r')
  try {
    await fillVolume({ volume, source, name: 'vol' })
  } finally {
    closeSync(source)
  }
}

test('fillVolume() copies names, contents, modes, owners, times and links', async () => {
  const image = `${base}/image`
  mkdirSync(`${image}/d`)
  writeFileSync(`${image}/d/f`, 'text')
  chmodSync(`${image}/d/f`, 0o4751)
  linkSync(`${image}/d/f`, `${image}/g`)
  symlinkSync('/nowhere', `${image}/l`)
  const isRoot = process.getuid?.() === 0
  if (isRoot) chownSync(`${image}/d`, 5, 6)
  lutimesSync(`${image}/l`, 100, 100)
  utimesSync(`${image}/d`, 200, 200)
  chmodSync(image, 0o1711)
  utimesSync(image, 300, 300)
  const volume = makeVolume('v')
  await fill(volume)
  const data = `${volume}/_data`
  expect(readdirSync(data).sort()).toEqual(['d', 'g', 'l'])
  expect(readFileSync(`${data}/d/f`, 'utf8')).toBe('text')
  expect(lstatSync(`${data}/d/f`).mode & 0o7777).toBe(0o4751)
  expect(lstatSync(`${data}/g`).ino).toBe(lstatSync(`${data}/d/f`).ino)
  expect(readlinkSync(`${data}/l`)).toBe('/nowhere')
  expect(lstatSync(`${data}/l`).mtimeMs).toBe(100_000)
  expect(lstatSync(`${data}/d`)).toMatchObject({ mtimeMs: 200_000, ...(isRoot && { uid: 5 }) })
  expect(lstatSync(data)).toMatchObject({ mtimeMs: 300_000 })
  expect(lstatSync(data).mode & 0o7777).toBe(0o1711)
  expect(readdirSync(volume)).toEqual(['_data'])
})

test('fillVolume() leaves a volume with files unchanged', async () => {
  writeFileSync(`${base}/image/f`, 'image')
  const volume = makeVolume('v')
  writeFileSync(`${volume}/_data/own`, '')
  await fill(volume)
  expect(readdirSync(`${volume}/_data`)).toEqual(['own'])
})

test('fillVolume() finishes the whole copy of a killed process, and drops a partial one', async () => {
  writeFileSync(`${base}/image/f`, 'image')
  const volume = makeVolume('v')
  mkdirSync(`${volume}/copying`)
  writeFileSync(`${volume}/copying/half`, '')
  await fill(volume)
  expect(readdirSync(`${volume}/_data`)).toEqual(['f'])
  mkdirSync(`${volume}/ready`)
  writeFileSync(`${volume}/ready/f`, 'other')
  writeFileSync(`${volume}/ready/rest`, '')
  await fill(volume)
  expect(readdirSync(`${volume}/_data`).sort()).toEqual(['f', 'rest'])
  expect(readFileSync(`${volume}/_data/f`, 'utf8')).toBe('image')
  expect(readdirSync(volume)).toEqual(['_data'])
})

test('fillVolume() waits while another process fills the same volume', async () => {
  writeFileSync(`${base}/image/f`, 'image')
  const volume = makeVolume('v')
  const order: string[] = []
  const other = await lockDirectory(volume)
  const filling = fill(volume).then(() => order.push('filled'))
  await new Promise((resolve) => setImmediate(resolve))
  writeFileSync(`${volume}/_data/own`, '')
  order.push('other')
  other[Symbol.dispose]()
  await filling
  expect(order).toEqual(['other', 'filled'])
  expect(readdirSync(`${volume}/_data`)).toEqual(['own'])
})

test('lockDirectory() does not lock a directory that was replaced during the wait', async () => {
  const volume = makeVolume('v')
  const first = await lockDirectory(volume)
  const waiting = lockDirectory(volume)
  rmSync(volume, { recursive: true })
  mkdirSync(volume)
  first[Symbol.dispose]()
  using _second = await waiting
  await expect(lockDirectory(volume, AbortSignal.timeout(50))).rejects.toThrow()
  await expect(lockDirectory(`${base}/none`)).rejects.toThrow('ENOENT')
})

test('fillVolume() writes nothing outside the volume while a container replaces a directory with a link', async () => {
  mkdirSync(`${base}/image/sub/deep`, { recursive: true })
  for (let i = 0; i < 200; i++) writeFileSync(`${base}/image/sub/deep/${i}`, 'x', { mode: 0o4755 })
  for (let i = 0; i < 200; i++) writeFileSync(`${base}/image/sub/${i}`, 'x', { mode: 0o4755 })
  let swaps = 0
  for (let round = 0; round < 30 && (round < 5 || swaps === 0); round++) {
    const volume = makeVolume(`v${round}`)
    const program = [process.execPath, `${import.meta.dir}/testing/swapper.ts`]
    const container = Bun.spawn([...program, `${volume}/_data`, `${base}/outside`], {
      stdin: 'pipe',
      stdout: 'pipe',
    })
    const output = container.stdout.values()
    await output.next()
    await fill(volume)
    container.stdin.end()
    const rest = await Array.fromAsync({ [Symbol.asyncIterator]: () => output })
    await container.exited
    swaps += Number(Buffer.concat(rest).toString())
    expect(readdirSync(`${base}/outside`)).toEqual([])
    expect(existsSync(`${volume}/_data/${swaps > 0 ? 'aside' : 'sub'}/deep/199`)).toBe(true)
  }
  expect(swaps).toBeGreaterThan(0)
}, 60_000)
