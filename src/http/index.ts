// HTTP without a socket: handlers, and the functions that wrap every handler.

export { type AccessEntry, logged } from './access-log.ts'
export { requestedRange, type Span, type Verdict, weighConditions } from './conditions.ts'
export { contentType } from './content-type.ts'
export { type GuardOptions, guarded } from './guard.ts'
export type { Exchange, Handler, Principal, RawConnection, Upgrade } from './handler.ts'
export { type Refuse, refuse, securityHeaders } from './refusal.ts'
export { createRouter, type Mount } from './router.ts'
export { settlingBodies } from './settle-body.ts'
