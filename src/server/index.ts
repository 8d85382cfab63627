// Servers: handlers behind one socket, without an engine.

export { type ListenOptions, listen } from './listen.ts'
export {
  collectedOf,
  fileSender,
  openStoredRegistry,
  type RegistryServerOptions,
  type ServedRegistry,
  type StoredRegistry,
  type SweptStore,
  serveRegistry,
} from './registry.ts'
