import { securityHeaders } from '#http'
import { type Bytes, toReadableStream } from '#stream'
import { baseName, encodeName } from '#tar'
import type { Html } from './html.ts'

/**
 * The page runs no scripts, loads only its own style sheet and icon, and appears in no frame, so
 * a mistake in a page cannot become code of an attacker.
 */
const policy =
  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

const always: Readonly<Record<string, string>> = {
  ...securityHeaders,
  'Content-Security-Policy': policy,
  'X-Frame-Options': 'DENY',
  // Without the own origin, a browser would send forms with `Origin: null`.
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
}

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export function replyPage(page: Html, reply: Reply = {}): Response {
  return respond(`<!doctype html>\n${page}`, 'text/html; charset=utf-8', reply)
}

export function replyData(value: unknown, reply: Reply = {}): Response {
  return respond(`${JSON.stringify(value)}\n`, 'application/json', reply)
}

/** Answers with a part of the program, which is the same for everybody. */
export function replyAsset(text: string, type: string): Response {
  return respond(text, type, { headers: { 'Cache-Control': 'public, max-age=3600' } })
}

/** Sends a file to be saved; a browser never shows it as a page of this origin. */
export function replyContents(
  bytes: Bytes,
  { path, size }: { readonly path: string; readonly size: number },
): Response {
  const name = [...encodeName(baseName(path))]
    .map((byte) => `%${byte.toString(16).padStart(2, '0')}`)
    .join('')
  return new Response(toReadableStream(bytes), {
    headers: {
      ...always,
      'Content-Security-Policy': "default-src 'none'; sandbox",
      'Content-Type': 'application/octet-stream',
      'Content-Length': String(size),
      'Content-Disposition': `attachment; filename*=UTF-8''${name}`,
      'Cache-Control': 'private, no-store',
    },
  })
}

export function redirect(location: string): Response {
  return respond('', 'text/plain', { status: 303, headers: { Location: location } })
}

function respond(text: string, type: string, { status = 200, headers }: Reply): Response {
  const own = { 'Content-Type': type, 'Cache-Control': 'private, no-store' }
  return new Response(text, { status, headers: { ...always, ...own, ...headers } })
}
