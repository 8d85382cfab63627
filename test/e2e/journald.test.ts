import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { importBusybox } from './busybox.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

const journald = ['/usr/lib/systemd/systemd-journald', '/lib/systemd/systemd-journald'].find(
  (path) => existsSync(path),
)
const places = ['/run/systemd', '/run/log', '/etc/machine-id']
const reason =
  missing('busybox', 'tar', 'runc', 'unshare', 'journalctl') ??
  (journald === undefined || !places.every((path) => existsSync(path))
    ? 'needs systemd-journald'
    : undefined)
if (reason) console.info(`skipped: journald: ${reason}`)

describe.skipIf(reason !== undefined)('--log-driver journald', () => {
  let strake: Strake

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  /** Runs a script with a journal of its own, whose files are in memory. */
  async function withJournal(script: string): Promise<string> {
    const id = join(strake.directory, 'machine-id')
    writeFileSync(id, `${'0123456789abcdef'.repeat(2)}\n`)
    const whole = `set -e
mount --bind ${id} /etc/machine-id
mount -t tmpfs none /run/log
mount -t tmpfs none /run/systemd
${journald} </dev/null >/dev/null 2>&1 &
journal=$!
trap 'kill $journal' EXIT
until test -S /run/systemd/journal/socket; do sleep 0.02; done
strake() { ${program} "$@"; }
${script}`
    const own = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', whole]
    const { exitCode, stdout, stderr } = await command(own, { env: strake.env })
    if (exitCode !== 0) throw new Error(stdout + stderr)
    return stdout.trim()
  }

  test('writes entries with the fields of Docker, and logs reads them back', async () => {
    const options =
      '--log-driver journald --log-opt tag={{.Name}} --label tier=db --log-opt labels=tier'
    const out = await withJournal(`
id=$(strake run -d --name web --network none ${options} busybox sh -c 'echo out; echo bad >&2; printf "no line feed"')
strake wait web >/dev/null
until journalctl -q -o cat CONTAINER_ID_FULL=$id | grep -q 'no line'; do sleep 0.02; done
journalctl -q -o json CONTAINER_NAME=web SYSLOG_IDENTIFIER=web PRIORITY=3 --output-fields=MESSAGE,CONTAINER_ID,IMAGE_NAME,TIER,CONTAINER_TAG
echo ---
strake logs web 2>/dev/null
echo
echo ---
strake logs --details --tail 1 web 2>&1
echo
strake logs -f web 2>&1 || echo $?
strake inspect -f '{{json .HostConfig.LogConfig}} {{json .LogPath}}' web
strake rm web`)
    const [entry = '', logs, rest = ''] = out.split('---\n')
    expect(JSON.parse(entry)).toMatchObject({
      MESSAGE: 'bad',
      CONTAINER_ID: expect.stringMatching(/^[0-9a-f]{12}$/),
      CONTAINER_TAG: 'web',
      IMAGE_NAME: 'busybox',
      TIER: 'db',
    })
    expect(logs).toBe('out\nno line feed\n')
    expect(rest.trim().split('\n')).toEqual([
      'TIER=db no line feed',
      'strake: Cannot follow the logs of container web: they are in the journal',
      expect.stringMatching(/^ {2}try: journalctl --follow CONTAINER_ID_FULL=[0-9a-f]{64}$/),
      '1',
      '{"Type":"journald","Config":{"labels":"tier","tag":"{{.Name}}"}} ""',
      'web',
    ])
  }, 60_000)

  test('is refused on a machine without a journal, and leaves nothing that runs', async () => {
    const script = `mount -t tmpfs none /run/systemd; ${program} run --name none --log-driver journald busybox true`
    const own = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script]
    const { exitCode, stderr } = await command(own, { env: strake.env })
    expect(exitCode).toBe(125)
    expect(stderr).toContain('journald is not enabled on this host')
    expect(await strake.ok('ps', '-a', '--format', '{{.Names}} {{.State}}')).toBe('none created')
    await strake.ok('rm', 'none')
  })
})
