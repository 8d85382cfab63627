import { expect, test } from 'bun:test'
import { type LinkedContainer, linkVariables, namesOfLinked } from './links.ts'

const link: LinkedContainer = {
  alias: 'my-db',
  name: 'pg',
  hostname: '0123456789ab',
  ip: '10.89.0.2',
  exposed: ['53/udp', '5433/tcp', '5432/tcp'],
  env: ['PATH=/bin', 'HOME=/root', 'USER=me', 'NOTE=a=b'],
}

test('linkVariables() describes ports and variables as links of Docker do', () => {
  expect(linkVariables('web', [link])).toEqual([
    'MY_DB_PORT=tcp://10.89.0.2:5432',
    'MY_DB_PORT_5432_TCP=tcp://10.89.0.2:5432',
    'MY_DB_PORT_5432_TCP_ADDR=10.89.0.2',
    'MY_DB_PORT_5432_TCP_PORT=5432',
    'MY_DB_PORT_5432_TCP_PROTO=tcp',
    'MY_DB_PORT_5433_TCP=tcp://10.89.0.2:5433',
    'MY_DB_PORT_5433_TCP_ADDR=10.89.0.2',
    'MY_DB_PORT_5433_TCP_PORT=5433',
    'MY_DB_PORT_5433_TCP_PROTO=tcp',
    'MY_DB_PORT_53_UDP=udp://10.89.0.2:53',
    'MY_DB_PORT_53_UDP_ADDR=10.89.0.2',
    'MY_DB_PORT_53_UDP_PORT=53',
    'MY_DB_PORT_53_UDP_PROTO=udp',
    'MY_DB_NAME=/web/my-db',
    'MY_DB_ENV_USER=me',
    'MY_DB_ENV_NOTE=a=b',
  ])
  expect(linkVariables('web', [{ ...link, exposed: [], env: [] }])).toEqual([
    'MY_DB_NAME=/web/my-db',
  ])
})

test('namesOfLinked() names a container once by each of its names', () => {
  expect(namesOfLinked(link)).toEqual(['my-db', '0123456789ab', 'pg'])
  expect(namesOfLinked({ ...link, alias: 'pg' })).toEqual(['pg', '0123456789ab'])
})
