import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { mkdtempDisposable, probePort } from '#platform'
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

const slapdConfig = (directory: string): string => `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile ${directory}/pid
database mdb
suffix dc=example
directory ${directory}/data
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=reader,dc=example" read by anonymous auth
`

/** Starts a directory server on a free port. */
async function openServer() {
  const directory = await mkdtempDisposable(tmpdir(), 'strake-ldap-')
  const file = `${directory.path}/slapd.conf`
  await mkdir(`${directory.path}/data`)
  await writeFile(file, slapdConfig(directory.path))
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
  const url = `ldap://127.0.0.1:${probePort('tcp', '127.0.0.1', 0)}`
  const server = Bun.spawn([program, '-d', '0', '-f', file, '-h', url], { stderr: 'ignore' })
  const config: LdapConfig = {
    url,
    baseDn: 'dc=example',
    bindDn: 'cn=reader,dc=example',
    bindPasswordFile: `${directory.path}/password`,
  }
  const users = await openLdapDirectory(config)
  for (let tries = 0; tries < 100; tries += 1) {
    const answers = await users.find(`try-${tries}`).then(
      () => true,
      () => false,
    )
    if (answers) break
    await Bun.sleep(50)
  }
  return {
    config,
    users,
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
