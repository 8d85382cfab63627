import type { ImageNode } from '#engine/usage/image-tree'
import { formatTable } from '../render/table.ts'
import { formatSize, shortId } from '../render/units.ts'

const titles = ['IMAGE', 'ID', 'DISK USAGE', 'CONTENT SIZE', 'EXTRA']

/** Formats images with their platforms below them, as Docker does. `U` marks one in use. */
export function formatImageTree(images: readonly ImageNode[]): string {
  const rows = images.flatMap((image, index) => {
    const [name = '<untagged>', ...others] = image.names
    const platforms = image.platforms.map((one, position) => {
      const branch = position === image.platforms.length - 1 ? '└─' : '├─'
      return row(`${branch} ${one.platform}`, one)
    })
    const gap = index === 0 || image.platforms.length === 0 ? [] : [[]]
    return [...gap, row(name, image), ...others.map((other) => [other]), ...platforms]
  })
  return formatTable(titles, rows)
}

type Sizes = Pick<ImageNode, 'id' | 'diskUsage' | 'contentSize' | 'isUsed'>

function row(name: string, { id, diskUsage, contentSize, isUsed }: Sizes): readonly string[] {
  const sizes = [formatSize(diskUsage), formatSize(contentSize)]
  return [name, shortId(id), ...sizes, isUsed ? 'U' : '']
}
