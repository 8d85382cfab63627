import type { TarHeader } from './entry.ts'

/** How a layer's archive deletes entries of lower layers (image-spec layer.md, "Whiteouts"). */
export type Whiteout =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'opaque' }
  /** Bookkeeping of AUFS in old archives; has no effect. */
  | { readonly kind: 'ignored' }

export const whiteoutPrefix = '.wh.'
const reservedPrefix = '.wh..wh.'
export const opaqueName = '.wh..wh..opq'

/**
 * Returns the whiteout that a clean path stands for; `undefined` for an ordinary entry. Returns
 * `'invalid'` for names that no layer may contain: whiteouts of an empty name, `.` or `..`, and
 * entries below a whiteout.
 */
export function parseWhiteout(path: string): Whiteout | 'invalid' | undefined {
  if (!path.includes(whiteoutPrefix)) return undefined
  const components = path.split('/')
  const base = components.pop() ?? ''
  if (components.some((component) => component.startsWith(reservedPrefix))) {
    return { kind: 'ignored' }
  }
  if (components.some((component) => component.startsWith(whiteoutPrefix))) return 'invalid'
  if (base === opaqueName) return { kind: 'opaque' }
  if (base.startsWith(reservedPrefix)) return { kind: 'ignored' }
  if (!base.startsWith(whiteoutPrefix)) return undefined
  const name = base.slice(whiteoutPrefix.length)
  return name === '' || name === '.' || name === '..' ? 'invalid' : { kind: 'name', name }
}

/**
 * The form of a whiteout on overlayfs, where such a device cannot be created otherwise. In a layer
 * it has the same meaning.
 */
export function isOverlayWhiteout({ type, deviceMajor, deviceMinor }: TarHeader): boolean {
  return type === 'character' && deviceMajor === 0 && deviceMinor === 0
}
