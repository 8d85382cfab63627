import { isIP } from 'node:net'
import { isLoopback } from '../../http/address.ts'
import type { LdapConfig, MtlsConfig, RegistryConfig } from '../config.ts'
import type { Conflict } from './conflict.ts'
import { contentConflicts } from './content-conflicts.ts'
import { observeConflicts } from './observe-conflicts.ts'

/** Returns the faults between keys that are each valid by itself. */
export function findConflicts(config: RegistryConfig): readonly Conflict[] {
  const { auth = {}, tls } = config
  return [
    ...oddProxies(config),
    ...oddIdleTime(config),
    ...contentConflicts(config),
    ...observeConflicts(config),
    ...oddStorage(config),
    ...unknownIssuers(config),
    ...repeatedIssuers(config),
    ...plainIssuers(config),
    ...(auth.ldap === undefined ? [] : ldapConflicts(auth.ldap)),
    ...(auth.mtls === undefined ? [] : mtlsConflicts(auth.mtls, tls?.clientCa !== undefined)),
  ]
}

function oddStorage({ storage = {} }: RegistryConfig): readonly Conflict[] {
  const { bucket, database, directory } = storage
  if ((bucket === undefined) !== (database === undefined)) {
    const [there, absent] = bucket === undefined ? ['database', 'bucket'] : ['bucket', 'database']
    const message = `storage.${there} needs storage.${absent}`
    return [{ path: ['storage', there], message }]
  }
  if (bucket === undefined || directory === undefined) return []
  const message = 'content is either in a directory or in a bucket'
  return [{ path: ['storage', 'directory'], message }]
}

function oddProxies({ listen }: RegistryConfig): readonly Conflict[] {
  return (listen?.trustedProxies ?? []).flatMap((text, index) => {
    const isAddress = isIP(text.split('/')[0] ?? '') !== 0
    const path = ['listen', 'trustedProxies', index]
    return isAddress ? [] : [{ path, message: 'expected an address or a network' }]
  })
}

/** The runtime cuts a request too if its answer takes longer, and knows no longer time. */
function oddIdleTime({ limits }: RegistryConfig): readonly Conflict[] {
  const { connectionIdle: idle } = limits ?? {}
  if (idle === undefined || (idle >= 30_000 && idle <= 255_000)) return []
  return [{ path: ['limits', 'connectionIdle'], message: 'expected 30s to 255s' }]
}

function unknownIssuers({ auth, access }: RegistryConfig): readonly Conflict[] {
  const known = auth?.oidc?.map(({ name }) => name) ?? []
  return (access?.rules ?? []).flatMap(({ subjects }, rule) =>
    subjects.flatMap((subject, index) => {
      if (typeof subject === 'string' || known.includes(subject.issuer)) return []
      const path = ['access', 'rules', rule, 'subjects', index, 'issuer']
      const names = known.length === 0 ? 'there is none' : `expected ${known.join(', ')}`
      return [{ path, message: `no issuer of auth.oidc has this name; ${names}` }]
    }),
  )
}

function repeatedIssuers({ auth }: RegistryConfig): readonly Conflict[] {
  const issuers = auth?.oidc ?? []
  return issuers.flatMap(({ name, issuer }, index) => {
    const earlier = issuers.slice(0, index)
    const isNameTaken = earlier.some((each) => each.name === name)
    const isUrlTaken = earlier.some((each) => each.issuer === issuer)
    return [
      ...(isNameTaken ? [repeated(['auth', 'oidc', index, 'name'])] : []),
      ...(isUrlTaken ? [repeated(['auth', 'oidc', index, 'issuer'])] : []),
    ]
  })
}

/** An attacker who changes the keys of an issuer on their way can sign tokens. */
function plainIssuers({ auth }: RegistryConfig): readonly Conflict[] {
  return (auth?.oidc ?? []).flatMap(({ issuer }, index) => {
    const { protocol, hostname } = new URL(issuer)
    if (protocol === 'https:' || isLoopback(hostname)) return []
    const message = 'its keys would come unencrypted, expected https://'
    return [{ path: ['auth', 'oidc', index, 'issuer'], message }]
  })
}

function repeated(path: readonly (string | number)[]): Conflict {
  return { path, message: 'an earlier issuer has the same' }
}

function ldapConflicts(ldap: LdapConfig): readonly Conflict[] {
  const { url, bindDn, bindPasswordFile, startTls, insecure } = ldap
  const at = (key: string, message: string): Conflict => ({ path: ['auth', 'ldap', key], message })
  const isLocal = isLoopback(new URL(url).hostname)
  const isPlain = url.startsWith('ldap://') && startTls !== true
  const found: Conflict[] = []
  if (isPlain && !isLocal && insecure !== true) {
    const message = 'passwords would be sent unencrypted, expected ldaps://, startTls or insecure'
    found.push(at('url', message))
  }
  if ((bindDn === undefined) !== (bindPasswordFile === undefined)) {
    found.push(
      at(bindDn === undefined ? 'bindPasswordFile' : 'bindDn', 'needs the other of the two'),
    )
  }
  if (startTls === true && !isPlain && url.startsWith('ldaps://')) {
    found.push(at('startTls', 'an ldaps:// connection is encrypted already'))
  }
  return found
}

function mtlsConflicts({ pattern }: MtlsConfig, hasAuthority: boolean): readonly Conflict[] {
  const found: Conflict[] = []
  if (!hasAuthority) {
    found.push({ path: ['auth', 'mtls'], message: 'needs tls.clientCa, which proves certificates' })
  }
  if (pattern !== undefined && !isExpression(pattern)) {
    const path = ['auth', 'mtls', 'pattern']
    found.push({ path, message: 'expected a regular expression' })
  }
  return found
}

function isExpression(source: string): boolean {
  try {
    new RegExp(source)
    return true
  } catch {
    return false
  }
}
