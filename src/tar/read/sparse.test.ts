import { expect, test } from 'bun:test'
import { paxRecords, rawArchive, rawEntry, rawPax, readAll } from '../testing/archives.ts'

const octal = (value: number): string => `${value.toString(8).padStart(11, '0')}\0`
const holes = (...parts: readonly (string | number)[]): string =>
  parts.map((part) => (typeof part === 'number' ? '\0'.repeat(part) : part)).join('')

const expected = holes(3, 'abc', 4, 'de', 8)
const extents = [
  { offset: 3, size: 3 },
  { offset: 10, size: 2 },
]

function oldGnu(map: string, { size = 20, more = '\0', contents = 'abcde' } = {}): Uint8Array {
  const at = { 386: map, 482: more, 483: octal(size) }
  return rawEntry({ name: 'sparse', flag: 'S', magic: 'ustar  \0', at }, contents)
}

const map = octal(3) + octal(3) + octal(10) + octal(2)

test('readTar() reads an old GNU sparse file', async () => {
  const [entry, next] = await readAll(rawArchive(oldGnu(map), rawEntry({ name: 'next' }, 'n')))
  expect(entry).toMatchObject({ type: 'file', size: 20, dataOffset: 512, extents })
  expect(String(entry?.contents)).toBe(expected)
  expect(next?.path).toBe('next')
})

test('readTar() reads the extension blocks of an old GNU sparse file', async () => {
  const four = [0, 2, 4, 6].map((offset) => octal(offset) + octal(1)).join('')
  const block = Buffer.alloc(512)
  block.write(octal(8) + octal(1), 0)
  const archive = Buffer.concat([
    oldGnu(four, { size: 10, more: '\x01', contents: 'abcde' }).subarray(0, 512),
    block,
    oldGnu('', {}).subarray(512),
  ])
  const [entry] = await readAll(rawArchive(archive), { chunk: 700 })
  expect(entry?.dataOffset).toBe(1024)
  expect(String(entry?.contents)).toBe('a\0b\0c\0d\0e\0')
})

test.each([
  [
    '0.0',
    [
      ['GNU.sparse.size', '20'],
      ['GNU.sparse.numblocks', '2'],
      ['GNU.sparse.offset', '3'],
      ['GNU.sparse.numbytes', '3'],
      ['GNU.sparse.offset', '10'],
      ['GNU.sparse.numbytes', '2'],
    ],
    'abcde',
  ],
  [
    '0.1',
    [
      ['GNU.sparse.size', '20'],
      ['GNU.sparse.numblocks', '2'],
      ['GNU.sparse.name', 'sparse'],
      ['GNU.sparse.map', '3,3,10,2'],
    ],
    'abcde',
  ],
  [
    '1.0',
    [
      ['GNU.sparse.major', '1'],
      ['GNU.sparse.minor', '0'],
      ['GNU.sparse.name', 'sparse'],
      ['GNU.sparse.realsize', '20'],
    ],
    `${'2\n3\n3\n10\n2\n'.padEnd(512, '\0')}abcde`,
  ],
] as const)('readTar() reads a pax sparse file of format %s', async (_, records, contents) => {
  const archive = rawArchive(rawPax(records), rawEntry({ name: 'sparse' }, contents), rawEntry({}))
  const [entry, next] = await readAll(archive, { chunk: 100 })
  expect(entry).toMatchObject({ path: 'sparse', size: 20, extents })
  expect(String(entry?.contents)).toBe(expected)
  expect(entry?.dataOffset).toBe((entry?.headerOffset ?? 0) + 512 + contents.length - 5)
  expect(next?.path).toBe('x')
})

test('readTar() reads a file that is one hole', async () => {
  const [entry] = await readAll(rawArchive(oldGnu('', { size: 3_000_000, contents: '' })))
  expect(entry?.extents).toEqual([])
  expect(entry?.contents.length).toBe(3_000_000)
})

test.each([
  ['overlaps', octal(3) + octal(3) + octal(5) + octal(2)],
  ['goes back', octal(10) + octal(2) + octal(3) + octal(3)],
  ['exceeds the file', octal(3) + octal(3) + octal(19) + octal(2)],
  ['has fewer bytes than are stored', octal(3) + octal(3)],
  ['has more bytes than are stored', octal(3) + octal(3) + octal(10) + octal(6)],
  ['has a negative offset', `${'\xff'.repeat(12)}${octal(5)}`],
])('readTar() refuses a sparse map that %s', async (_, wrong) => {
  const bytes = Buffer.from(wrong, 'latin1')
  const at = { 386: bytes, 483: octal(20) }
  const archive = rawArchive(rawEntry({ flag: 'S', magic: 'ustar  \0', at }, 'abcde'))
  await expect(readAll(archive)).rejects.toThrow('its sparse map')
})

test('readTar() refuses a sparse file that is too large', async () => {
  const at = { 483: Buffer.from([0x80, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0]) }
  const archive = rawArchive(rawEntry({ name: 'huge', flag: 'S', magic: 'ustar  \0', at }))
  await expect(readAll(archive)).rejects.toThrow(
    'Cannot read tar entry huge at offset 0: it is a sparse file of more than 1099511627776 bytes',
  )
})

test('readTar() limits the extents of every sparse format', async () => {
  const sparseExtents = 3
  const record = ['GNU.sparse.size', '20'] as const
  const inPax = rawPax([record, ['GNU.sparse.map', '0,1,2,1,4,1,6,1']])
  const inBody = rawPax([record, ['GNU.sparse.major', '1']])
  for (const archive of [
    rawArchive(inPax, rawEntry({}, 'abcd')),
    rawArchive(inBody, rawEntry({}, '4\n0\n1\n2\n1\n4\n1\n6\n1\n'.padEnd(512, '\0'))),
    rawArchive(
      oldGnu([0, 2, 4, 6].map((at) => octal(at) + octal(1)).join(''), { contents: 'abcd' }),
    ),
  ]) {
    await expect(readAll(archive, { sparseExtents })).rejects.toThrow('more than 3 extents')
  }
})

test('readTar() refuses a sparse map without an end', async () => {
  const records = paxRecords([
    ['GNU.sparse.major', '1'],
    ['GNU.sparse.realsize', '1'],
  ])
  const archive = rawArchive(rawEntry({ flag: 'x' }, records), rawEntry({}, '9'.repeat(8192)))
  await expect(readAll(archive)).rejects.toThrow('its sparse map has a line without end')
})
