import type { BuildRequest } from '#engine/build/build'
import { predict } from '#engine/reproduce/predict'
import type { ExplainEvent } from '#stream'
import type { Context } from '../context.ts'
import { formatPrediction } from '../render/build/explanation.ts'
import { buildRenderer } from '../render/build-renderer.ts'

/** Prints which steps would run, and why, without running them. */
export async function predictSteps(
  context: Context,
  request: BuildRequest,
  progress: Parameters<typeof buildRenderer>[1],
): Promise<void> {
  const renderer = buildRenderer(context, progress)
  const steps: ExplainEvent[] = []
  const isJson = progress === 'rawjson'
  const engine = await context.engine()
  await predict(engine, {
    ...request,
    emit(event) {
      if (event.type === 'explanation') steps.push(event)
      if (event.type !== 'explanation' || isJson) renderer.emit(event)
    },
    signal: context.signal,
  }).finally(() => renderer.finish())
  if (!isJson) context.out.write(formatPrediction(steps))
}
