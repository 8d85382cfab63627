import type { ImageNode } from '#engine/usage/image-tree'
import { displayWidth, printable } from '../render/text.ts'
import { formatSize, shortId } from '../render/units.ts'

/**
 * Formats images with their platforms below them, as Docker does: an image begins with its names,
 * one on each line, and ends with an empty line. `U` marks one in use.
 */
export function formatImageTree(images: readonly ImageNode[]): string {
  const rows = images.flatMap((image) => {
    const names = image.names.length === 0 ? ['<untagged>'] : image.names
    const last = image.platforms.length - 1
    return [
      ...names.slice(0, -1).map((name) => [printable(name)]),
      row(printable(names.at(-1) ?? ''), image),
      ...image.platforms.map((one, position) =>
        row(`${position === last ? '└─' : '├─'} ${printable(one.platform)}`, one),
      ),
      [],
    ]
  })
  const names = rows.map(([name]) => name ?? '')
  const first = Math.max(titles[0].length, ...names.map(nameWidth))
  return [titles, ...rows].map((cells) => `${formatRow(cells, first)}\n`).join('')
}

const titles = ['IMAGE', 'ID', 'DISK USAGE', 'CONTENT SIZE', 'EXTRA'] as const
const gap = '   '

/** Docker counts the bytes of a branch, which is 3 cells wide. */
function nameWidth(name: string): number {
  return displayWidth(name) + (/^[├└]/.test(name) ? 4 : 0)
}

type Sizes = Pick<ImageNode, 'id' | 'diskUsage' | 'contentSize' | 'isUsed'>

function row(name: string, { id, diskUsage, contentSize, isUsed }: Sizes): readonly string[] {
  return [name, shortId(id), formatSize(diskUsage), formatSize(contentSize), isUsed ? 'U' : '']
}

function formatRow(cells: readonly string[], first: number): string {
  const [name = '', id = '', disk = '', content = '', extra = ''] = cells
  const padded = name + ' '.repeat(first - displayWidth(name))
  const sizes = [disk.padStart(titles[2].length), content.padStart(titles[3].length)]
  return [padded, id.padEnd(12), ...sizes, extra].join(gap).trimEnd()
}
