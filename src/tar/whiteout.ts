import type { TarHeader } from './entry.ts'

/** How a layer's archive says that something of the layers below is gone (image-spec layer.md, "Whiteouts"). */
export type Whiteout =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'opaque' }
  /** AUFS bookkeeping, in archives of its time; makes nothing. */
  | { readonly kind: 'ignored' }

export const whiteoutPrefix = '.wh.'
const reservedPrefix = '.wh..wh.'
export const opaqueName = '.wh..wh..opq'

/**
 * What a clean path says as a whiteout; `undefined` when it is an ordinary
 * entry. Gives `'invalid'` for names that no layer may contain: a whiteout of
 * nothing, `.` or `..`, and entries below a whiteout.
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

/** The form whiteouts have on overlayfs, where nobody else can make it; a layer means the same by it. */
export function isOverlayWhiteout({ type, deviceMajor, deviceMinor }: TarHeader): boolean {
  return type === 'character' && deviceMajor === 0 && deviceMinor === 0
}
