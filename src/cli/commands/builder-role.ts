import { openOutput } from '../render/output.ts'
import { describeRequest, surviveFailures } from './system-failures.ts'

/**
 * The hidden role in which this program builds for a server. The server has set the environment to its
 * store, and ends this process by closing its standard input.
 */
export async function builderRole(): Promise<void> {
  const [{ compileEagerly }, { openEngine }, { serveBuilds }] = await Promise.all([
    import('#platform/process/javascript-engine'),
    import('#engine/open'),
    import('#api/builder/serve-builds'),
  ])
  compileEagerly()
  const err = openOutput(2)
  surviveFailures(err)
  // A service manager sends SIGTERM to all processes of the server. This one ends when the server ends.
  process.on('SIGTERM', () => {})
  const engine = await openEngine()
  await serveBuilds(engine, {
    onFailure: (error, request) => err.write(describeRequest(error, request)),
  })
  await engine[Symbol.asyncDispose]()
  process.exit(0)
}
