// Servers: handlers behind one socket, without an engine.

export { type ListenOptions, listen } from './listen.ts'
export {
  collectedOf,
  openStoredRegistry,
  type RegistryServerOptions,
  type ServedRegistry,
  serveRegistry,
} from './registry.ts'
