import type { LayerNode, LayerTree } from '#engine/usage/layer-tree'
import { formatSize, shortId } from '../render/units.ts'

/** Formats the layers of an image as `podman image tree` does. */
export function formatLayerTree({ imageId, names, size, layers }: LayerTree): string {
  const head = [
    `Image ID: ${shortId(imageId)}`,
    `Tags:     [${names.join(' ')}]`,
    `Size:     ${formatSize(size)}`,
    layers.length === 0 ? 'No Image Layers' : 'Image Layers',
  ]
  return [...head, ...branches(layers, '')].map((line) => `${line}\n`).join('')
}

function branches(nodes: readonly LayerNode[], indent: string): readonly string[] {
  return nodes.flatMap((node, index) => {
    const isLast = index === nodes.length - 1
    const line = `${indent}${isLast ? '└── ' : '├── '}${describe(node)}`
    return [line, ...branches(node.children, `${indent}${isLast ? '    ' : '│   '}`)]
  })
}

function describe({ chainId, size, topOf }: LayerNode): string {
  const top = topOf.length === 0 ? '' : ` Top Layer of: [${topOf.join(' ')}]`
  return `ID: ${shortId(chainId)} Size: ${formatSize(size)}${top}`
}
