/** Headers of every response of every server. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

/** Makes the response to a request that is refused. */
export type Refuse = (
  status: number,
  message: string,
  headers?: Readonly<Record<string, string>>,
) => Response

/** Returns the response to a request that is refused before it reaches a handler. */
export function refuse(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  // The codes of the distribution specification, because its clients read them.
  const code = status === 403 ? 'DENIED' : 'UNSUPPORTED'
  return new Response(JSON.stringify({ errors: [{ code, message }] }), {
    status,
    headers: { 'Content-Type': 'application/json', ...securityHeaders, ...headers },
  })
}
