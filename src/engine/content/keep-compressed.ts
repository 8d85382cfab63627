import { StrakeError } from '#oci'

/** Which compressed layers stay beside their archives when the store is pruned. */
export type KeepCompressed = 'always' | 'auto' | 'never'

/**
 * `$STRAKE_KEEP_COMPRESSED`, `auto` unless set: those stay that cannot be made
 * again byte for byte, or that no registry was seen to have. `never` relies on
 * that registry alone. Throws `INVALID`.
 */
export function findKeepCompressed(
  env: Readonly<Record<string, string | undefined>>,
): KeepCompressed {
  const name = env['STRAKE_KEEP_COMPRESSED'] || 'auto'
  if (name === 'always' || name === 'auto' || name === 'never') return name
  throw new StrakeError(
    'INVALID',
    `Cannot keep compressed layers '${name}': there are always, auto and never`,
    { remedy: 'leave STRAKE_KEEP_COMPRESSED out' },
  )
}
