/** Headers that no answer of a server of ours goes without. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

/** An answer that no handler gave: the request was refused before it reached one. */
export function refuse(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  // These codes are those of the distribution specification, whose clients are ours.
  const code = status === 403 ? 'DENIED' : 'UNSUPPORTED'
  return new Response(JSON.stringify({ errors: [{ code, message }] }), {
    status,
    headers: { 'Content-Type': 'application/json', ...securityHeaders, ...headers },
  })
}
