import { createLayout, layoutProblem } from '#content'
import type { SnapshotFinding } from '#snapshot'
import { setAside } from '../content/check-blob.ts'
import { indexProblem, publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'

/** How long another process takes, in milliseconds, from naming an image to writing `index.json`. */
const patience = 200

/** The two files by which other tools find the images in the store. */
export async function* checkLayout(
  engine: Engine,
  repair: boolean,
): AsyncGenerator<SnapshotFinding> {
  const { root } = engine
  const layout = layoutProblem(root)
  if (layout !== undefined) {
    if (repair) {
      setAside(root, `${root}/oci-layout`)
      await createLayout(root)
    }
    yield found('oci-layout', layout, repair)
  }
  const index = await settledIndexProblem(engine)
  if (index !== undefined) {
    if (repair) {
      setAside(root, `${root}/index.json`)
      publishIndex(engine)
    }
    yield found('index.json', index, repair)
  }
}

function found(subject: string, problem: string, repair: boolean): SnapshotFinding {
  if (!repair) return { subject, problem, state: 'damaged' }
  return { subject, problem, state: 'healed', action: 'made again' }
}

/** Names are recorded before the index is written: what is missing a moment later was not being written. */
async function settledIndexProblem(engine: Engine): Promise<string | undefined> {
  if (indexProblem(engine) === undefined) return undefined
  await new Promise((resolve) => setTimeout(resolve, patience))
  return indexProblem(engine)
}
