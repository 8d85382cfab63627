import type { Group } from '../row.ts'
import { api } from './api.ts'
import { builds } from './builds.ts'
import { cached } from './cached.ts'
import { containers, startUp } from './containers.ts'
import { dockerfiles } from './dockerfiles.ts'
import { hundred } from './hundred.ts'
import { images } from './images.ts'
import { streams } from './streams.ts'

/** Every row, in the order of the table. */
export const groups: readonly Group[] = [
  startUp,
  dockerfiles,
  containers,
  hundred,
  streams,
  builds,
  cached,
  images,
  api,
]
