import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { Client, Entry } from 'ldapts'
import { StrakeError } from '#oci'
import type { LdapConfig } from '../../config/config.ts'
import { elapsed } from '../../elapsed.ts'
import type { Identity } from '../../policy/identity.ts'
import type { UserDirectory } from '../directory.ts'

/** Milliseconds for one answer of the server. */
const patience = 5000

/** Milliseconds for which an answer about a user of a token is believed. */
const believed = 60_000

const mostKnown = 10_000

/**
 * The users of a directory server. A login finds the entry of the user, and then binds as that
 * entry with the password. Every method throws `UNAVAILABLE` when the server gives no answer.
 */
export async function openLdapDirectory(
  config: LdapConfig,
  now: () => number = Date.now,
): Promise<UserDirectory> {
  const { bindDn, bindPasswordFile, ca } = config
  const authorities = ca === undefined ? undefined : await readFile(ca, 'utf8')
  const password =
    bindPasswordFile === undefined
      ? undefined
      : (await readFile(bindPasswordFile, 'utf8')).replace(/\r?\n$/, '')
  const server: Server = { config, bindDn, password, authorities }
  const found = new Map<string, { readonly identity: Identity | undefined; readonly at: number }>()
  return {
    async check(name, secret) {
      // A bind with an empty password is anonymous, and always succeeds.
      if (secret === '') return undefined
      return await withClient(server, async (client) => {
        const entry = await findEntry(server, client, name)
        if (entry === undefined || !(await bindsAs(client, entry.dn, secret))) return undefined
        return identityOf(config, name, entry)
      })
    },
    async find(name) {
      const known = found.get(name)
      if (known !== undefined && elapsed(now(), known.at) < believed) return known.identity
      const identity = await withClient(server, async (client) => {
        const entry = await findEntry(server, client, name)
        return entry && identityOf(config, name, entry)
      })
      if (found.size >= mostKnown) found.clear()
      found.set(name, { identity, at: now() })
      return identity
    },
  }
}

interface Server {
  readonly config: LdapConfig
  readonly bindDn: string | undefined
  readonly password: string | undefined
  readonly authorities: string | undefined
}

async function withClient<T>(
  { config, authorities }: Server,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const { Client } = await import('ldapts')
  const tlsOptions = authorities === undefined ? {} : { ca: authorities }
  const isSecure = config.url.startsWith('ldaps://')
  const client = new Client({
    url: config.url,
    timeout: patience,
    connectTimeout: patience,
    ...(isSecure && { tlsOptions }),
  })
  try {
    if (config.startTls === true) {
      await client.startTLS({ ...tlsOptions, ...serverNames(config.url) })
    }
    return await work(client)
  } catch (cause) {
    if (cause instanceof StrakeError) throw cause
    throw new StrakeError('UNAVAILABLE', 'Cannot ask the directory server for a user', { cause })
  } finally {
    await client.unbind().catch(() => {})
  }
}

/** Returns the names that the certificate of the server must have. An address is no server name of TLS. */
function serverNames(url: string): { readonly host: string; readonly servername?: string } {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  return isIP(host) === 0 ? { host, servername: host } : { host }
}

/** Returns the one entry of a user; `undefined` when there is none. Throws when there are several. */
async function findEntry(
  { config, bindDn, password = '' }: Server,
  client: Client,
  name: string,
): Promise<Entry | undefined> {
  const { AndFilter, EqualityFilter, FilterParser } = await import('ldapts')
  if (bindDn !== undefined) await client.bind(bindDn, password)
  const { userAttribute = 'uid', userFilter, groupAttribute = 'memberOf' } = config
  // The name is a value of the filter and no text in it, so it cannot change the question.
  const isUser = new EqualityFilter({ attribute: userAttribute, value: name })
  const filters = userFilter === undefined ? [] : [FilterParser.parseString(userFilter)]
  const { searchEntries } = await client.search(config.baseDn, {
    scope: 'sub',
    filter: new AndFilter({ filters: [isUser, ...filters] }),
    attributes: [userAttribute, groupAttribute],
    sizeLimit: 2,
    timeLimit: patience / 1000,
  })
  if (searchEntries.length > 1) {
    throw new StrakeError('UNAVAILABLE', `Cannot log in: several entries have the name ${name}`)
  }
  const [entry] = searchEntries
  // The server may compare without case, but rules do not: only the name in the entry counts.
  return entry !== undefined && textsOf(entry, userAttribute).includes(name) ? entry : undefined
}

async function bindsAs(client: Client, dn: string, secret: string): Promise<boolean> {
  const { InvalidCredentialsError } = await import('ldapts')
  try {
    await client.bind(dn, secret)
    return true
  } catch (error) {
    if (error instanceof InvalidCredentialsError) return false
    throw error
  }
}

function identityOf(
  { groupAttribute = 'memberOf' }: LdapConfig,
  name: string,
  entry: Entry,
): Identity {
  return { kind: 'user', name, groups: textsOf(entry, groupAttribute).map(groupName) }
}

function textsOf(entry: Entry, attribute: string): readonly string[] {
  const key = Object.keys(entry).find((each) => each.toLowerCase() === attribute.toLowerCase())
  const value = key === undefined ? [] : entry[key]
  return [value].flat().filter((each) => typeof each === 'string')
}

/** Returns `team` for `cn=team,ou=groups,dc=example`, and other texts as they are. */
function groupName(text: string): string {
  const match = /^cn=((?:[^,\\+]|\\.)+)(?:,|$)/i.exec(text)
  return match === null ? text : (match[1] ?? '').replace(/\\(.)/g, '$1')
}
