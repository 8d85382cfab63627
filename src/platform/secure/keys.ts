/** The certificate of a server, its chain and its key, and the authorities of clients: PEM texts. */
export interface ServerKeys {
  readonly certificate: string
  readonly key: string
  /** With it, a client without a certificate of these authorities is refused. */
  readonly clientAuthority?: string | undefined
  /** A client without a certificate is served too, as one without a name. */
  readonly isClientOptional?: boolean | undefined
}

/** The options of both kinds of TLS servers. */
export interface TlsSettings {
  readonly cert: string
  readonly key: string
  readonly ca?: string
  readonly requestCert?: boolean
  readonly rejectUnauthorized?: boolean
}

export function tlsSettings(keys: ServerKeys): TlsSettings {
  const { certificate, key, clientAuthority, isClientOptional } = keys
  if (clientAuthority === undefined) return { cert: certificate, key }
  return {
    cert: certificate,
    key,
    ca: clientAuthority,
    requestCert: true,
    rejectUnauthorized: isClientOptional !== true,
  }
}
