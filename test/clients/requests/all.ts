import { absentSteps, endSteps, lifeSteps } from './containers.ts'
import { createSteps } from './create.ts'
import { execSteps } from './exec.ts'
import { archiveOf, fileSteps } from './files.ts'
import { buildSteps, imageSteps } from './images.ts'
import { networkSteps } from './networks.ts'
import { post, remove, type Step } from './step.ts'
import { systemSteps, versionSteps } from './system.ts'
import { volumeSteps } from './volumes.ts'

/** Every request, in order. The store has the image `busybox` before the first one. */
export const allSteps: readonly Step[] = [
  ...systemSteps,
  ...lifeSteps,
  ...execSteps,
  ...fileSteps,
  ...volumeSteps,
  ...networkSteps,
  ...imageSteps,
  ...buildSteps((text) => archiveOf('Dockerfile', text)),
  ...versionSteps,
  ...absentSteps,
  ...endSteps,
  post('/containers/main/restart?t=0'),
  post('/containers/main/stop?t=0'),
  remove('/containers/main?v=1'),
  ...createSteps,
]
