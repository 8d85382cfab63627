// A program that builds an image, runs it, serves a registry, pushes and pulls.
//
//   sudo scripts/bun examples/library.ts CONTEXT
import { build, openEngine, pull, push, run, serveRegistry, tagImage } from 'strake'

await using engine = await openEngine()
const built = await build(engine, {
  context: process.argv[2] ?? '.',
  names: ['library-example'],
  emit: (event) => {
    if (event.type === 'step' && event.state !== 'started') console.error(event.state, event.name)
  },
})
console.log('built', built.imageId)

const status = await run(engine, { image: 'library-example', network: 'none', remove: true })
console.log('ran, exit code', status.code)

await using registry = await serveRegistry(engine, { hostname: '127.0.0.1', port: 0 })
const name = `127.0.0.1:${registry.port}/library-example:1`
await tagImage(engine, 'library-example', name)
const pushed = await push(engine, name)
const pulled = await pull(engine, name)
console.log('pushed and pulled', pushed.digest, pushed.digest === pulled.digest)
