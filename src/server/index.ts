// Servers: handlers behind one socket, without an engine.

export { type ListenOptions, listen } from './listen.ts'
export { openStoredRegistry, type ServedRegistry, serveRegistry } from './registry.ts'
