import type { Rule } from '../policy/rule.ts'
import type { ContentConfig } from './content-config.ts'
import type { ObserveConfig } from './observe-config.ts'

/** The configuration file of `registry serve`, checked. Every key has a default. */
export interface RegistryConfig extends ContentConfig, ObserveConfig {
  readonly listen?: ListenConfig
  readonly tls?: TlsConfig
  readonly storage?: StorageConfig
  readonly auth?: AuthConfig
  readonly access?: AccessConfig
  readonly limits?: LimitsConfig
  readonly log?: LogConfig
}

export interface ListenConfig {
  readonly host?: string
  readonly port?: number
  readonly url?: string
  readonly allowHosts?: readonly string[]
  readonly trustedProxies?: readonly string[]
}

export interface TlsConfig {
  readonly cert: string
  readonly key: string
  readonly clientCa?: string
  readonly clientAuth?: 'required' | 'optional'
}

export interface StorageConfig {
  readonly directory?: string
  readonly bucket?: BucketConfig
  readonly database?: DatabaseConfig
  readonly readOnly?: boolean
  readonly sparse?: boolean
}

/** Content in a bucket of S3, for many replicas. */
export interface BucketConfig {
  readonly name: string
  readonly region: string
  readonly endpoint?: string
  readonly pathStyle?: boolean
  readonly credentialsFile?: string
  readonly redirect?: boolean
}

/** Facts in PostgreSQL, for many replicas. */
export interface DatabaseConfig {
  readonly url?: string
  readonly urlFile?: string
  readonly connections?: number
}

export interface AuthConfig {
  readonly directory?: string
  readonly htpasswd?: string
  readonly tokens?: TokensConfig
  readonly sessions?: SessionsConfig
  readonly oidc?: readonly OidcConfig[]
  readonly ldap?: LdapConfig
  readonly mtls?: MtlsConfig
}

/** Durations are milliseconds, here and below. */
export interface TokensConfig {
  readonly lifetime?: number
  readonly refreshLifetime?: number
  readonly key?: string
  readonly service?: string
  readonly challenge?: 'bearer' | 'basic'
}

/** Sessions of browsers that have signed in to the page. */
export interface SessionsConfig {
  readonly idle?: number
  readonly lifetime?: number
}

export interface OidcConfig {
  readonly name: string
  readonly issuer: string
  readonly audience: string
  readonly require?: Readonly<Record<string, string>>
  readonly groups?: string
}

export interface LdapConfig {
  readonly url: string
  readonly baseDn: string
  readonly bindDn?: string
  readonly bindPasswordFile?: string
  readonly userAttribute?: string
  readonly userFilter?: string
  readonly groupAttribute?: string
  readonly startTls?: boolean
  readonly ca?: string
  readonly insecure?: boolean
}

export interface MtlsConfig {
  readonly identity: CertificateField
  readonly pattern?: string
}

export type CertificateField = 'cn' | 'email' | 'dns' | 'uri'

export interface AccessConfig {
  readonly groups?: Readonly<Record<string, readonly string[]>>
  readonly rules?: readonly Rule[]
}

/** Sizes are bytes. */
export interface LimitsConfig {
  readonly blobSize?: number
  readonly uploads?: number
  readonly uploadsPerClient?: number
  readonly uploadLifetime?: number
  readonly requestsPerSecond?: number
  readonly burst?: number
  readonly bodySilence?: number
  readonly connectionIdle?: number
}

export interface LogConfig {
  readonly access?: string
  readonly audit?: string
}
