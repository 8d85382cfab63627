// The web page of a registry: what it holds, for people and for scripts.

export { createWeb, type WebParts } from './create-web.ts'
