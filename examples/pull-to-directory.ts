// Pulls an image into an image layout, on Node >= 24 as well as on Bun, without privileges.
//
//   node examples/pull-to-directory.ts HOST REPOSITORY TAG DIRECTORY
import { copy, openDirectoryStore, writeIndex } from 'strake/content'
import { connectRegistry, credentialsFromConfig } from 'strake/registry'

const [host = '', name = '', tag = '', directory = ''] = process.argv.slice(2)
const registry = connectRegistry(host, { credentials: credentialsFromConfig(process.env) })
const repository = registry.repository(name)
const store = await openDirectoryStore(directory)
const root = await repository.resolve(tag)
await copy(repository, store, root, {
  emit: (event) => {
    if (event.type === 'transfer' && event.done) console.log(event.action, event.id)
  },
})
await writeIndex(directory, [
  { ...root, annotations: { 'org.opencontainers.image.ref.name': tag } },
])
console.log('pulled', root.digest)
