/** Messages with their headers. */
export { frame, readMessages } from './framing.ts'
/** The answers to the messages of one client. */
export { LanguageServer, type ServerOptions } from './server.ts'
