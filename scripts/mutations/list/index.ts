import type { MutatedFile } from '../mutation.ts'
import { archives } from './archives.ts'
import { builds } from './builds.ts'
import { containers } from './containers.ts'
import { registries } from './registries.ts'
import { stores } from './stores.ts'
import { verbs } from './verbs.ts'

/** Every break that is tried. Add a break for every bug that was fixed. */
export const files: readonly MutatedFile[] = [
  ...archives,
  ...builds,
  ...containers,
  ...registries,
  ...stores,
  ...verbs,
]
