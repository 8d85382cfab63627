import type { ApiHandler } from '../call.ts'

/** `POST /build`. The code of builds is loaded only where builds run. */
export const answerBuild: ApiHandler = async (call) => {
  const connections = await call.connections()
  if (connections.kind === 'relayed') return await connections.forward(call.request)
  const { build } = await import('../build/build.ts')
  return await build(call, connections.builds)
}

/** `POST /build/cancel`: a build is ended where it runs. */
export const answerCancel: ApiHandler = async (call) => {
  const connections = await call.connections()
  if (connections.kind === 'relayed') return await connections.forward(call.request)
  const { cancel } = await import('../build/cancel.ts')
  return await cancel(call)
}
