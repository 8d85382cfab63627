import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { importBusybox } from './busybox.ts'
import { missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar')
if (reason) console.info(`skipped: events: ${reason}`)

describe.skipIf(reason !== undefined)('events', () => {
  let strake: Strake
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  test('show what another process does, from before the container exists to its end', async () => {
    const child = Bun.spawn([program, 'events', '--format', 'json', '--filter', 'container=seen'], {
      env: { PATH: process.env['PATH'] ?? '', ...strake.env },
      stdout: 'pipe',
      stderr: 'inherit',
    })
    const seen: string[] = []
    const reading = (async () => {
      let text = ''
      const decoder = new TextDecoder()
      for await (const bytes of child.stdout) {
        text += decoder.decode(bytes, { stream: true })
        const lines = text.split('\n')
        text = lines.pop() ?? ''
        seen.push(...lines.map((line) => String(JSON.parse(line).Action)))
        if (seen.includes('destroy')) return
      }
    })()
    // The command begins to watch when it has opened the store.
    await strake.ok('events', '--since', '1h', '--until', '0s')
    await new Promise((resolve) => setTimeout(resolve, 500))
    await strake.ok('run', '--name', 'seen', '--network', 'none', 'busybox', 'true')
    await strake.ok('run', '--name', 'other', '--network', 'none', 'busybox', 'true')
    await strake.ok('rm', 'other', 'seen')
    await reading
    child.kill('SIGINT')
    await child.exited
    expect(seen).toEqual(['create', 'attach', 'start', 'die', 'destroy'])
    expect<unknown[]>(['SIGINT', 130]).toContain(child.signalCode ?? child.exitCode)
  })

  test('--since and --until print recorded events as Docker does, and end', async () => {
    await strake.ok('tag', 'busybox', 'busybox:named')
    const line = await strake.ok(
      'events',
      '--since',
      '1h',
      '--until',
      '0s',
      '-f',
      'image=busybox:named',
    )
    expect(line).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\S+ image tag sha256:[0-9a-f]{64} \(name=busybox:named\)$/,
    )
    expect(await strake.ok('events', '--until', '1h')).toBe('')
    expect(await strake('system', 'events', '-f', 'size=3')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("Cannot filter events by 'size=3': invalid filter 'size'"),
    })
  })

  test('name everything that Docker names, with its attributes, in order', async () => {
    const since = `${Date.now() / 1000}`
    for (const line of scenario) await strake.ok(...line.split(' '))
    const text = await strake.ok('events', '--since', since, '--until', '0s', '--format', 'json')
    const seen = text.split('\n').map((line) => shown(JSON.parse(line)))
    expect(seen).toEqual(expected)
  })
})

/** Commands, one after the other. */
const scenario = [
  'volume create data',
  'create -i --name one -v data:/data --stop-signal KILL busybox cat',
  'start one',
  'exec one true',
  'exec one sh -c true',
  'exec -d one true',
  'top one',
  'export -o /dev/null one',
  'rename one two',
  'update --memory 100m --memory-swap 100m two',
  'pause two',
  'unpause two',
  'network create net',
  'network connect net two',
  'network disconnect net two',
  'kill two',
  'wait two',
  'rm two',
  'run --rm --network none --name three -v data:/data:ro busybox true',
  'volume rm data',
  'network rm net',
  'tag busybox busybox:two',
  'rmi busybox:two',
]

const bridge = 'network connect bridge container,name,type'
const left = 'network disconnect bridge container,name,type'
const mounted = 'volume mount data container,destination,driver,propagation,read/write'
const unmounted = 'volume unmount data container,driver'
const named = 'image,name'

/** Type, action, name and the names of attributes. */
const expected = [
  'volume create data driver',
  `container create one ${named}`,
  bridge,
  mounted,
  `container start one ${named}`,
  ...['true ', 'sh -c true'].flatMap((command) => [
    `container exec_create: ${command} one execID,${named}`,
    `container exec_start: ${command} one execID,${named}`,
    `container exec_die one execID,exitCode,${named}`,
  ]),
  // Nobody waits for its end.
  `container exec_create: true  one execID,${named}`,
  `container exec_start: true  one execID,${named}`,
  `container top one ${named}`,
  `container export one ${named}`,
  `container rename two ${named},oldName`,
  `container update two ${named}`,
  `container pause two ${named}`,
  `container unpause two ${named}`,
  'network create net name,type',
  'network connect net container,name,type',
  'network disconnect net container,name,type',
  `container kill two ${named},signal`,
  `container die two exitCode,${named}`,
  left,
  unmounted,
  `container destroy two ${named}`,
  `container create three ${named}`,
  `container attach three ${named}`,
  mounted,
  `container start three ${named}`,
  `container die three exitCode,${named}`,
  unmounted,
  `container destroy three ${named}`,
  'volume destroy data driver',
  'network destroy net name,type',
  'image tag busybox:two name',
  'image untag busybox:two name',
]

interface Seen {
  readonly Type: string
  readonly Action: string
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> }
}

function shown({ Type, Action, Actor }: Seen): string {
  const name = Actor.Attributes['name'] ?? Actor.ID
  return `${Type} ${Action} ${name} ${Object.keys(Actor.Attributes).sort().join(',')}`
}
