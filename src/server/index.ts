// The composition root of what is served: handlers behind one socket, without an engine.

export { type ListenOptions, listen } from './listen.ts'
export { openStoredRegistry, type ServedRegistry, serveRegistry } from './registry.ts'
