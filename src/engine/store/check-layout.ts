import { createLayout, layoutProblem } from '#content'
import type { SnapshotFinding } from '#snapshot'
import { setAside } from '../content/check-blob.ts'
import { type IndexState, indexState, publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import type { CheckFinding } from './check-finding.ts'

/** The time in milliseconds that another process needs between recording a name and writing `index.json`. */
const patience = 200

/** Checks `oci-layout` and `index.json`, by which other tools find the images in the store. */
export async function* checkLayout(engine: Engine, repair: boolean): AsyncGenerator<CheckFinding> {
  const { root } = engine
  const layout = layoutProblem(root)
  if (layout !== undefined) {
    if (repair) {
      setAside(root, `${root}/oci-layout`)
      await createLayout(root)
    }
    yield found('oci-layout', layout, repair)
  }
  const index = await settledIndexState(engine)
  if (index === 'current') return
  if (repair) {
    if (index === 'damaged') setAside(root, `${root}/index.json`)
    await publishIndex(engine)
  }
  if (index === 'damaged' || repair) yield found('index.json', indexProblems[index], repair)
  else yield { subject: 'index.json', problem: indexProblems[index], state: 'leftover', action }
}

const indexProblems = {
  behind: 'it does not list the latest names in the store yet',
  damaged: 'it does not list the names in the store',
}

const action = 'strake system cleanup writes it again'

function found(subject: string, problem: string, repair: boolean): SnapshotFinding {
  if (!repair) return { subject, problem, state: 'damaged' }
  return { subject, problem, state: 'healed', action: 'made again' }
}

/** Reads the state twice if needed, because a process records a name before it writes the index. */
async function settledIndexState(engine: Engine): Promise<IndexState> {
  if ((await indexState(engine)) === 'current') return 'current'
  await new Promise((resolve) => setTimeout(resolve, patience))
  return await indexState(engine)
}
