import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { importBusybox } from './busybox.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc', 'nft', 'ip', 'unshare', 'curl')
if (reason) console.info(`skipped: the firewall of the host: ${reason}`)

const page = 'mkdir /www; echo page > /www/index.html; exec httpd -f -p 80 -h /www'

/** A network of its own, in which the host denies port 8080 to servers, and has a neighbour. */
const host = `
set -e
mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns
ip link set lo up
ip netns add outside
ip link add up0 type veth peer name eth0 netns outside
ip addr add 198.51.100.1/24 dev up0; ip link set up0 up
ip netns exec outside ip addr add 198.51.100.2/24 dev eth0
ip netns exec outside ip link set eth0 up
nft 'table inet filter { chain input { type filter hook input priority 0; iifname "up0" tcp dport 8080 drop; }; }'
ask() { ip netns exec outside curl -s -m 1 http://198.51.100.1:$1/ || echo none; }
wait_for() { until curl -s -m 2 -o /dev/null http://127.0.0.1:$1/; do sleep 0.1; done; }
`

describe.skipIf(reason !== undefined)('a published port and the firewall of the host', () => {
  let strake: Strake
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  }, 30_000)
  afterAll(async () => strake[Symbol.asyncDispose]())

  test('ignore each other by default, and not with port.firewall=respect', async () => {
    const run = (options: string): string =>
      `"$S" run -d ${options} busybox sh -c '${page}' >/dev/null`
    const script = `${host}
      "$S" network create -o port.firewall=respect careful >/dev/null
      ${run('--name usual -p 8080:80')}
      wait_for 8080; ask 8080; "$S" rm -f usual >/dev/null
      ${run('--name checked --network careful -p 8080:80 -p 8081:80')}
      wait_for 8080; ask 8080; ask 8081
      nft list table ip "$(nft list tables | grep -o 'strake_[0-9a-f]*')" | grep elements || echo untranslated
      "$S" run --rm -p 8081:80 busybox true 2>&1 | head -1 | cut -c1-40
      STRAKE_PORT_FIREWALL=respect; export STRAKE_PORT_FIREWALL
      "$S" port rm checked 8080:80 >/dev/null
      ${run('--name all -p 8080:80')}
      wait_for 8080; ask 8080
      "$S" rm -f checked all >/dev/null
      "$S" network rm careful >/dev/null
      "$S" run --rm -p 8080:80 busybox echo free`
    const argv = ['unshare', '-n', '-m', '--propagation', 'private', 'sh', '-c', script]
    const { stdout, stderr } = await command(argv, { env: { ...strake.env, S: program } })
    expect({ lines: stdout.trim().split('\n'), stderr }).toEqual({
      lines: [
        'page',
        'none',
        'page',
        'untranslated',
        'strake: Cannot publish port 8081: addres',
        'none',
        'free',
      ],
      stderr: '',
    })
  }, 60_000)
})
