import { StrakeError } from '#oci'

/** Which compressed layers a prune keeps, if the store also has their archives. */
export type KeepCompressed = 'always' | 'auto' | 'never'

/**
 * Reads `$STRAKE_KEEP_COMPRESSED`. `auto`, the default, keeps layers that strake cannot
 * reproduce byte for byte and layers that no registry is known to have. `never` keeps only
 * the latter. Throws `INVALID`.
 */
export function findKeepCompressed(
  env: Readonly<Record<string, string | undefined>>,
): KeepCompressed {
  const name = env['STRAKE_KEEP_COMPRESSED'] || 'auto'
  if (name === 'always' || name === 'auto' || name === 'never') return name
  throw new StrakeError(
    'INVALID',
    `Cannot use STRAKE_KEEP_COMPRESSED=${name}: expected always, auto or never`,
    { remedy: 'unset STRAKE_KEEP_COMPRESSED' },
  )
}
