import { describe, expect, test } from 'bun:test'
import { packTar } from '#tar'
import { applyTar } from './apply.ts'
import {
  deviceField,
  deviceSlotSize,
  deviceTableAt,
  superblockAt,
  superblockField,
  superblockSize,
} from './format.ts'
import { readIndexHead } from './superblock.ts'
import { createTree } from './tree.ts'
import { writeIndex } from './write.ts'

const uuid = Uint8Array.from({ length: 16 }, (_, i) => i + 1)

/** An index above two layers. */
async function makeIndex(): Promise<Buffer> {
  const tree = createTree()
  for (const device of ['one', 'two']) {
    const archive = await packTar([{ path: device, body: Buffer.alloc(3000, device) }])
    const bytes = (async function* () {
      yield archive
    })()
    await applyTar(tree, bytes, { device, sparse: { device: 'sparse', write: () => {} } })
  }
  return Buffer.from(writeIndex(tree, { uuid }))
}

const index = await makeIndex()

/** The head of an index changed by `change`. */
function headOf(change: (index: Buffer) => Buffer) {
  const copy = Buffer.from(index)
  return readIndexHead(change(copy))
}

const field = (name: keyof typeof superblockField): number => superblockAt + superblockField[name]
const device = (at: number, name: keyof typeof deviceField): number =>
  deviceTableAt + at * deviceSlotSize + deviceField[name]

describe('readIndexHead()', () => {
  test('readIndexHead() reads what writeIndex() wrote', () => {
    const head = readIndexHead(index)
    expect(head.uuid).toEqual(uuid)
    expect(head.size).toBe(index.length)
    const [one, two, ...rest] = head.devices
    expect(rest).toEqual([])
    expect([one?.tag, two?.tag]).toEqual(['one', 'two'])
    expect(one?.address).toBeGreaterThanOrEqual(head.size / 512)
    expect(two?.address).toBeGreaterThanOrEqual((one?.address ?? 0) + (one?.blocks ?? 0))
  })

  const damages: Readonly<Record<string, readonly [string, (index: Buffer) => Buffer]>> = {
    'that is too short': ['it is too short', (index) => index.subarray(0, superblockAt + 127)],
    'that is empty': ['it is too short', () => Buffer.alloc(0)],
    'of another file system': [
      'it has no superblock',
      (index) => {
        index.writeUInt32LE(0xef53, field('magic'))
        return index
      },
    ],
    'with blocks of another size': [
      'it uses features',
      (index) => {
        index[field('blockBits')] = 12
        return index
      },
    ],
    'with features that strake does not know': [
      'it uses features',
      (index) => {
        index.writeUInt32LE(8 | 16, field('featureIncompat'))
        return index
      },
    ],
    'that is compressed': [
      'it uses features',
      (index) => {
        index.writeUInt16LE(1, field('compression'))
        return index
      },
    ],
    'whose device table is cut off': [
      'its device table is cut off',
      (index) => index.subarray(0, superblockAt + superblockSize + deviceSlotSize),
    ],
    'with more devices than it has room for': [
      'its device table is cut off',
      (index) => {
        index.writeUInt16LE(0xffff, field('devices'))
        return index
      },
    ],
    'with a device inside itself': [
      'its devices overlap',
      (index) => {
        index.writeUInt32LE(0, device(0, 'address'))
        return index
      },
    ],
    'with two devices in one place': [
      'its devices overlap',
      (index) => {
        index.writeUInt32LE(index.readUInt32LE(device(0, 'address')), device(1, 'address'))
        return index
      },
    ],
  }
  for (const [what, [reason, change]] of Object.entries(damages)) {
    test(`readIndexHead() refuses an index ${what}`, () => {
      expect(() => headOf(change)).toThrow(`Cannot read index: ${reason}`)
    })
  }
})
