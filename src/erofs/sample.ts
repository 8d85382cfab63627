import { blockSize, fileType } from './format.ts'
import { createTree, Inode } from './tree.ts'
import { writeIndex } from './write.ts'

/** An index of one file, with which a caller tests whether the kernel mounts indexes. */
export interface SampleIndex {
  readonly index: Uint8Array
  /** The bytes of the index's only device. */
  readonly device: Uint8Array
  readonly name: string
  /** ASCII. */
  readonly contents: string
}

export function sampleIndex(): SampleIndex {
  const [name, contents] = ['sample', 'strake']
  const tree = createTree()
  tree.devices.push({ tag: name, blocks: 8 })
  const mode = fileType.file | 0o444
  const file = new Inode({ mode, uid: 0, gid: 0, mtime: 0, mtimeNanoseconds: 0 })
  file.size = contents.length
  file.device = 0
  file.block = 1
  tree.root.children.set(name, file)
  const device = Buffer.alloc(8 * blockSize)
  device.write(contents, blockSize, 'latin1')
  const index = writeIndex(tree, { uuid: Buffer.from('strake sample ix', 'latin1') })
  return { index, device, name, contents }
}
