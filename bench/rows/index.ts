import type { Group } from '../row.ts'
import { containers, startUp } from './containers.ts'
import { dockerfiles } from './dockerfiles.ts'
import { images } from './images.ts'

/** Every row, in the order of the table. */
export const groups: readonly Group[] = [startUp, dockerfiles, containers, images]
