import { StrakeError } from '#oci'

/** Returns a URL without its user name, password and query. */
export function redact(url: URL): string {
  return `${url.origin}${url.pathname}`
}

export const noAddress = 'its host name has no address'

/** Messages for the codes of connection errors. Those of the runtime name its own functions. */
export const connectionReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the server refuses the connection',
  ECONNRESET: 'the connection broke off',
  EPROTO: 'the server does not speak TLS',
  ENOTFOUND: noAddress,
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of the server is for another name',
  CERT_HAS_EXPIRED: 'the certificate of the server has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate of the server is not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate of the server is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate of the server is not trusted',
}

export function unavailable(url: URL, reason: string, cause?: unknown): StrakeError {
  return new StrakeError('UNAVAILABLE', `Cannot add ${redact(url)}: ${reason}`, { cause })
}

/** The error of a build that uses no network, and needs `place`. */
export function offline(place: string): StrakeError {
  return new StrakeError('UNAVAILABLE', `Cannot read ${place}: the build is offline`, {
    remedy: 'build once without --offline, so that the store has what it needs',
  })
}

export function denied(url: URL, reason: string, remedy?: string): StrakeError {
  return new StrakeError('DENIED', `Cannot add ${redact(url)}: ${reason}`, { remedy })
}
