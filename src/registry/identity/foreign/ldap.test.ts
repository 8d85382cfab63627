import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { mkdtempDisposable, probePort } from '#platform'
import { canCertify, makeAuthority, makeCertificate } from '../../../server/testing/certificates.ts'
import type { LdapConfig } from '../../config/config.ts'
import { openLdapDirectory } from './ldap.ts'

const program = '/usr/sbin/slapd'
const hasServer = existsSync(program)
if (!hasServer) console.log('skipped: users of a directory server: slapd is not installed')

const entries = `
dn: dc=example
objectClass: dcObject
objectClass: organization
o: example

dn: cn=reader,dc=example
objectClass: person
cn: reader
sn: reader
userPassword: reader-secret

${['alice', 'bob', 'x*y', 'twin'].map(userEntry).join('\n')}
dn: cn=twin,dc=example
objectClass: inetOrgPerson
cn: twin
sn: twin
uid: twin

dn: cn=team,dc=example
objectClass: groupOfNames
cn: team
member: uid=alice,dc=example
`

function userEntry(name: string): string {
  return [
    `dn: uid=${name},dc=example`,
    'objectClass: inetOrgPerson',
    `cn: ${name}`,
    `sn: ${name}`,
    `uid: ${name}`,
    `userPassword: ${name}-secret`,
    // The overlay adds this to entries that come over the network.
    ...(name === 'alice' ? ['memberOf: cn=team,dc=example'] : []),
    '',
  ].join('\n')
}

const slapdConfig = (directory: string, tls: string): string => `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile ${directory}/pid
${tls}
database mdb
suffix dc=example
directory ${directory}/data
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=reader,dc=example" read by anonymous auth
`

/** Makes the certificate of a server, and the lines of its configuration. */
function makeTls(
  directory: string,
  names: string,
): { readonly config: string; readonly ca: string } {
  const authority = makeAuthority(directory)
  const { cert, key } = makeCertificate(directory, authority, {
    name: 'ldap',
    subject: '/CN=ldap',
    names,
  })
  const config = `TLSCertificateFile ${cert}\nTLSCertificateKeyFile ${key}`
  return { config, ca: authority.cert }
}

async function answers(port: string): Promise<boolean> {
  const hostname = '127.0.0.1'
  const socket = await Bun.connect({ hostname, port: Number(port), socket: { data() {} } }).catch(
    () => undefined,
  )
  socket?.end()
  return socket !== undefined
}

/** Starts a directory server on a free port. */
async function openServer(scheme: 'ldap' | 'ldaps' = 'ldap', names = 'IP:127.0.0.1') {
  const directory = await mkdtempDisposable(tmpdir(), 'strake-ldap-')
  const tls = canCertify ? makeTls(directory.path, names) : undefined
  const file = `${directory.path}/slapd.conf`
  await mkdir(`${directory.path}/data`)
  await writeFile(file, slapdConfig(directory.path, tls?.config ?? ''))
  await writeFile(`${directory.path}/entries.ldif`, entries)
  await writeFile(`${directory.path}/password`, 'reader-secret\n')
  const added = Bun.spawnSync([
    '/usr/sbin/slapadd',
    '-f',
    file,
    '-l',
    `${directory.path}/entries.ldif`,
  ])
  if (added.exitCode !== 0) throw new Error(added.stderr.toString())
  const url = `${scheme}://127.0.0.1:${probePort('tcp', '127.0.0.1', 0)}`
  const server = Bun.spawn([program, '-d', '0', '-f', file, '-h', url], { stderr: 'ignore' })
  const config: LdapConfig = {
    url,
    baseDn: 'dc=example',
    bindDn: 'cn=reader,dc=example',
    bindPasswordFile: `${directory.path}/password`,
    ...(scheme === 'ldaps' && tls !== undefined && { ca: tls.ca }),
  }
  const users = await openLdapDirectory(config)
  for (let tries = 0; tries < 100 && !(await answers(new URL(url).port)); tries += 1) {
    await Bun.sleep(50)
  }
  return {
    config,
    users,
    ca: tls?.ca ?? '',
    directory: directory.path,
    async stop() {
      server.kill()
      await server.exited
    },
    async [Symbol.asyncDispose]() {
      server.kill()
      await server.exited
      await directory[Symbol.asyncDispose]()
    },
  }
}

test.skipIf(!hasServer)('openLdapDirectory() proves users by their passwords', async () => {
  await using server = await openServer()
  const { users } = server
  expect(await users.check('alice', 'alice-secret')).toEqual({
    kind: 'user',
    name: 'alice',
    groups: ['team'],
  })
  expect(await users.check('bob', 'bob-secret')).toMatchObject({ name: 'bob', groups: [] })
  // An empty password would bind anonymously, and so always be right.
  for (const password of ['', 'wrong', 'bob-secret']) {
    expect(await users.check('alice', password)).toBeUndefined()
  }
  expect(await users.check('nobody', 'x')).toBeUndefined()
  expect(await users.find('bob')).toMatchObject({ name: 'bob' })
})

test.skipIf(!hasServer)(
  'openLdapDirectory() takes a name for a value, and never for a filter',
  async () => {
    await using server = await openServer()
    const { users } = server
    for (const name of [
      '*',
      'ali*',
      'ALICE',
      'alice)(uid=*',
      '*)(objectClass=*',
      'x\\2ay',
      '\0',
      '',
    ]) {
      expect(await users.find(name)).toBeUndefined()
      expect(await users.check(name, 'alice-secret')).toBeUndefined()
    }
    expect(await users.check('x*y', 'x*y-secret')).toMatchObject({ name: 'x*y' })
    await expect(users.find('twin')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  },
)

test.skipIf(!hasServer)('openLdapDirectory() says when the server cannot be asked', async () => {
  await using server = await openServer()
  const only = await openLdapDirectory({ ...server.config, userFilter: '(uid=bob)' })
  expect(await only.check('alice', 'alice-secret')).toBeUndefined()
  expect(await only.check('bob', 'bob-secret')).toMatchObject({ name: 'bob' })
  await server.stop()
  await expect(server.users.check('alice', 'alice-secret')).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  })
})

test.skipIf(!hasServer || !canCertify)(
  'openLdapDirectory() sends passwords to the right server only',
  async () => {
    for (const scheme of ['ldap', 'ldaps'] as const) {
      const startTls = scheme === 'ldap' ? { startTls: true } : {}
      await using server = await openServer(scheme)
      const right = await openLdapDirectory({ ...server.config, ...startTls, ca: server.ca })
      expect(await right.check('alice', 'alice-secret')).toMatchObject({ name: 'alice' })
      const stranger = makeAuthority(server.directory, 'stranger').cert
      await using other = await openServer(scheme, 'DNS:other.example,IP:127.0.0.2')
      const wrong = [
        { ...server.config, ...startTls, ca: stranger },
        { ...other.config, ...startTls, ca: other.ca },
      ]
      for (const config of wrong) {
        const users = await openLdapDirectory(config)
        await expect(users.check('alice', 'alice-secret')).rejects.toMatchObject({
          code: 'UNAVAILABLE',
        })
      }
    }
  },
)
